internal import Foundation

/// One epoch's figures: a line of `metrics.jsonl`.
public struct EpochRecord: Codable, Sendable {
    /// From 1.
    public let epoch: Int
    /// Optimizer steps so far.
    public let step: Int
    /// The mean training loss over the epoch's samples.
    public let trainLoss: Double
    /// The learning rate of the epoch's last step.
    public let learningRate: Double
    /// The loss on the val split; nil where a head has no labelled sample there.
    public let valLoss: Double?
    /// By metric; with several heads by `HEAD.METRIC`.
    public let val: [String: Double]
    /// What plugins found, by name: for example `gradient_norm/image`, `probe/image`, `blending/fused`.
    public let figures: [String: Double]
    /// What the epoch took, in seconds.
    public let seconds: Double

    private enum CodingKeys: String, CodingKey {
        case epoch, step, val, figures, seconds
        case trainLoss = "train_loss"
        case learningRate = "learning_rate"
        case valLoss = "val_loss"
    }
}

extension EpochRecord {
    /// The loss and the figures that a line has room for.
    var summary: String {
        let shown = ["accuracy", "macro_f1", "rmse", "r2"]
        let figures = val.sorted { $0.key < $1.key }.filter { figure in shown.contains { figure.key.hasSuffix($0) } }
            .map { "\($0.key.replacingOccurrences(of: "_f1", with: " F1")) \(String(format: "%.4f", $0.value))" }
        return String(format: "loss %.4f", trainLoss) + "  val \(figures.joined(separator: ", "))"
    }
}
