// Lopez-Paz and Ranzato 2017, "Gradient Episodic Memory for Continual Learning", arXiv:1706.08840; forgetting as Avalanche 0.6 has it
// (Lomonaco et al. 2021, arXiv:2104.00405).

/// What accuracies on each stage's test rows say of a chain of trainings.
public struct ContinualScores: Sendable, Codable, Equatable {
    /// The mean over all stages of the last model's accuracy.
    public let averageAccuracy: Double?
    /// The mean over the stages before the last of what was lost: the accuracy right after the stage, less that of the last model. Below 0 where later
    /// stages helped. nil with a single stage.
    public let forgetting: Double?
    /// The same as a gain: what later stages did to earlier ones.
    public let backwardTransfer: Double?
    /// The mean over the stages behind the first of the accuracy just before the stage, less that of a model whose fusion and heads are drawn at
    /// random: what earlier stages did for later ones. nil with a single stage.
    public let forwardTransfer: Double?

    private enum CodingKeys: String, CodingKey {
        case averageAccuracy = "average_accuracy"
        case forgetting
        case backwardTransfer = "backward_transfer"
        case forwardTransfer = "forward_transfer"
    }

    /// - Parameters:
    ///   - matrix: `[i][j]`, the accuracy on stage j's test rows after stage i; nil where it is not known. What is not known counts in no mean.
    ///   - untrained: `[j]`, the accuracy of a random model on stage j's test rows.
    public init(matrix: [[Double?]], untrained: [Double?]) {
        let last = matrix.count - 1
        let known = { (after: Int, stage: Int) in
            matrix.indices.contains(after) && matrix[after].indices.contains(stage) ? matrix[after][stage] : nil
        }
        averageAccuracy = Self.mean(matrix.indices.map { known(last, $0) })
        let lost = matrix.indices.dropLast().map { stage in Self.difference(known(stage, stage), known(last, stage)) }
        forgetting = Self.mean(lost)
        backwardTransfer = forgetting.map { 0 - $0 }
        forwardTransfer = Self.mean(
            matrix.indices.dropFirst().map { stage in
                Self.difference(known(stage - 1, stage), untrained.indices.contains(stage) ? untrained[stage] : nil)
            })
    }

    private static func difference(_ left: Double?, _ right: Double?) -> Double? {
        left.flatMap { left in right.map { left - $0 } }
    }

    private static func mean(_ values: [Double?]) -> Double? {
        let known = values.compactMap { $0 }
        return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
}
