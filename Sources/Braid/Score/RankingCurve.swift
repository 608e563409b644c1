/// What a threshold on scores finds as it falls from above the highest score to below the lowest: the ROC and the precision-recall curve.
struct RankingCurve {
    /// What is found at a threshold, and above.
    struct Step: Equatable {
        let threshold: Double
        let hits: Int
        let falseAlarms: Int
    }

    let positives: Int
    let negatives: Int
    /// A step a different score, from the highest down.
    let steps: [Step]

    /// - Returns: nil where all truths are alike.
    init?(scores: [Double], truth: [Bool]) {
        positives = truth.count { $0 }
        negatives = truth.count - positives
        guard positives > 0, negatives > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (steps, hits, falseAlarms) = ([Step](), 0, 0)
        for (place, index) in order.enumerated() {
            if truth[index] { hits += 1 } else { falseAlarms += 1 }
            // A threshold lies only between different scores.
            guard place == order.count - 1 || scores[order[place + 1]] != scores[index] else { continue }
            steps.append(Step(threshold: scores[index], hits: hits, falseAlarms: falseAlarms))
        }
        self.steps = steps
    }

    /// The false positive rate and the true positive rate at each threshold, from 0, 0 to 1, 1.
    var roc: [(x: Double, y: Double)] {
        [(x: 0, y: 0)] + steps.map { (x: Double($0.falseAlarms) / Double(negatives), y: Double($0.hits) / Double(positives)) }
    }

    /// Recall and precision at each threshold, from the highest down; the first precision is held down to recall 0.
    var precisionRecall: [(x: Double, y: Double)] {
        let points = steps.map { step in
            (x: Double(step.hits) / Double(positives), y: Double(step.hits) / Double(step.hits + step.falseAlarms))
        }
        return (points.first.map { [(x: 0, y: $0.y)] } ?? []) + points
    }

    /// Those of `points` that a drawing needs: none nearer to the one before than `distance` on both axes, and the last.
    static func thinned(_ points: [(x: Double, y: Double)], distance: Double = 0.004) -> [(x: Double, y: Double)] {
        var kept: [(x: Double, y: Double)] = []
        for (place, point) in points.enumerated() {
            if let last = kept.last, place < points.count - 1, abs(point.x - last.x) < distance, abs(point.y - last.y) < distance {
                continue
            }
            kept.append(point)
        }
        return kept
    }
}
