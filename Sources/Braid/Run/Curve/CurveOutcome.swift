internal import Foundation

/// A number of labels that was trained with.
public struct CurveShots: Sendable, Encodable {
    /// Labels a class; nil: all.
    public let shots: Int?
    /// All classes together.
    public let labels: Int
    /// Where the curve has it: labels a class, of all labels in the mean.
    public let perClass: Double

    private enum CodingKeys: String, CodingKey {
        case shots, labels
        case perClass = "per_class"
    }
}

extension LearningCurve {
    /// What a curve came to.
    public struct Outcome: Sendable {
        /// Every training's.
        public let points: [CurvePoint]
        /// What was judged.
        public let metric: Metric
        /// What was trained, in the order of tables.
        public let systems: [String]
        /// Which of them begins at random weights; nil: none.
        public let scratch: String?
        /// What was trained with.
        public let shots: [CurveShots]
        /// How many times labels were drawn.
        public let draws: Int
        /// The figure that labels are counted to; nil: none.
        public let target: Double?
        /// The rows of the test split.
        public let testRows: Int

        /// How good a system is with so many labels, over the draws; nil where the metric is undefined.
        public func figure(_ system: String, _ shots: Int?) -> Interval? {
            let found = scores(system, shots)
            return found.isEmpty ? nil : Interval(found.map(\.score))
        }

        /// How much better `system` is than `other` with the same labels, over the draws.
        public func gain(_ system: String, over other: String, _ shots: Int?) -> Interval? {
            let theirs = Dictionary(uniqueKeysWithValues: scores(other, shots).map { ($0.draw, $0.score) })
            let gains = scores(system, shots).compactMap { point in theirs[point.draw].map { point.score - $0 } }
            return gains.isEmpty ? nil : Interval(metric.isBetterWhenHigher ? gains : gains.map { -$0 })
        }

        private func scores(_ system: String, _ shots: Int?) -> [(draw: Int, score: Double)] {
            points.filter { $0.system == system && $0.shots == shots }.compactMap { point in point.score.map { (point.draw, $0) } }
        }

        /// How many labels a class a system needs for a figure.
        public struct Need: Sendable, Encodable {
            /// What was trained.
            public let system: String
            /// In how many draws the figure was reached.
            public let reached: Int
            /// Of how many.
            public let draws: Int
            /// Labels a class, the geometric mean over the draws; nil where one of them does not reach the figure.
            public let labels: Double?
            /// The ends of its 95 % interval (Student's t of the logarithms); nil with one draw.
            public let interval: [Double]?
            /// Whether some draw reaches it with the fewest labels that were tried, so that fewer might do.
            public let isBound: Bool
        }

        /// How many labels a class each system needs to reach the target: between two numbers that were tried, on the line through them over
        /// the logarithm of the labels.
        public var needs: [Need] {
            guard let target else { return [] }
            return systems.map { system in
                let crossings = (0..<draws).map { crossing(system, draw: $0, target) }
                let known = crossings.compactMap { $0 }
                let logs = Interval(known.map { log($0.labels) })
                let isReached = known.count == draws
                return Need(
                    system: system, reached: known.count, draws: draws, labels: isReached ? exp(logs.mean) : nil,
                    interval: isReached && logs.halfWidth != nil ? [exp(logs.lower), exp(logs.upper)] : nil,
                    isBound: known.contains(where: \.isFirst))
            }
        }

        /// Where a draw's curve comes to the figure first; nil: nowhere.
        private func crossing(_ system: String, draw: Int, _ target: Double) -> (labels: Double, isFirst: Bool)? {
            var last: (labels: Double, score: Double)?
            for one in shots {
                guard let score = points.first(where: { $0.system == system && $0.shots == one.shots && $0.draw == draw })?.score
                else { continue }
                let labels = one.perClass
                if !metric.isBetter(target, than: score) {
                    guard let last else { return (labels, true) }
                    let share = score == last.score ? 1 : (target - last.score) / (score - last.score)
                    return (exp(log(last.labels) + share * (log(labels) - log(last.labels))), false)
                }
                last = (labels, score)
            }
            return nil
        }
    }
}
