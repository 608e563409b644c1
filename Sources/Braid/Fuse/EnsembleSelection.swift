internal import Torch

/// Greedy selection of an ensemble (Caruana et al. 2004): begin with the member of least loss, and add, again and again and members more than
/// once, whichever lowers the loss of the averaged probabilities most.
struct EnsembleSelection {
    /// By member and head: calibrated logits `[N, C]`, float32, of rows that no member has learnt from.
    let logits: [[Tensor]]
    let targets: [Target]
    /// What each head's loss counts.
    let headWeights: [Double]
    let labels: [LabelledValues]

    /// What is added at most: shares are multiples of its inverse.
    private static let rounds = 20

    /// The share of each member, chosen by some of the rows; they add up to 1.
    func weights(on rows: [Int]) throws -> [Double] {
        var counts = Array(repeating: 0, count: logits.count)
        var best = Double.infinity
        for _ in 0..<Self.rounds {
            var found: (member: Int, loss: Double)?
            for member in logits.indices {
                var tried = counts
                tried[member] += 1
                let loss = try mean(losses(Self.shares(tried)), rows)
                if loss < found?.loss ?? .infinity { found = (member, loss) }
            }
            guard let found, found.loss < best else { break }
            (counts[found.member], best) = (counts[found.member] + 1, found.loss)
        }
        return Self.shares(counts)
    }

    /// The loss of each row, heads together; nil where it has no label.
    func losses(_ weights: [Double]) throws -> [Double?] {
        try withoutGradient {
            let chosen = weights.indices.filter { weights[$0] > 0 }
            var sums: [Double?] = labels[0].isKnown.map { _ in nil }
            for head in targets.indices {
                let mixed = try EnsembleFusion.averaged(
                    chosen.map { logits[$0][head] }, Tensor(chosen.map { Float(weights[$0]) }, shape: [chosen.count]), targets[head]
                )
                let rows = try targets[head].task.plainLoss(mixed, labels[head].tensor()).array(of: Float.self)
                for row in rows.indices where labels[head].isKnown[row] {
                    sums[row] = (sums[row] ?? 0) + Double(rows[row]) * headWeights[head]
                }
            }
            return sums
        }
    }

    private func mean(_ losses: [Double?], _ rows: [Int]) -> Double {
        let known = rows.compactMap { losses[$0] }
        return known.isEmpty ? .infinity : known.reduce(0, +) / Double(known.count)
    }

    private static func shares(_ counts: [Int]) -> [Double] {
        let total = counts.reduce(0, +)
        return counts.map { total == 0 ? 1 / Double(counts.count) : Double($0) / Double(total) }
    }
}
