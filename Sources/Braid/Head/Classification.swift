internal import Torch

/// What classification tasks have in common: the keys of their loss, and whether probabilities are calibrated.
public struct ClassificationSettings: Sendable, Equatable {
    /// How a sample's loss is computed.
    public enum Loss: String, CaseIterable, Sendable {
        /// The negative logarithm of the true class's probability.
        case crossEntropy = "cross-entropy"
        /// Cross-entropy that plays down what is easy (Lin et al. 2017, arXiv:1708.02002).
        case focal
    }

    /// How much each class counts.
    public enum ClassWeights: String, CaseIterable, Sendable {
        /// As many times as it occurs.
        case none
        /// The same, however rare: scikit-learn's `class_weight="balanced"`.
        case balanced
    }

    /// How probabilities are made honest.
    public enum Calibration: String, CaseIterable, Sendable {
        /// By a temperature for each subset of modalities, fitted on the val split.
        case temperature
        /// Not at all.
        case none
    }

    /// The loss.
    public let loss: Loss
    /// Gamma of the focal loss; 0 with any other.
    public let focalGamma: Double
    /// The share of the target that is spread over all classes.
    public let labelSmoothing: Double
    /// How much each class counts.
    public let classWeights: ClassWeights
    /// How probabilities are made honest.
    public let calibration: Calibration

    /// Plain settings, from which those given differ.
    public init(
        loss: Loss = .crossEntropy, focalGamma: Double = 2, labelSmoothing: Double = 0, classWeights: ClassWeights = .none,
        calibration: Calibration = .temperature
    ) {
        (self.loss, self.focalGamma, self.labelSmoothing) = (loss, focalGamma, labelSmoothing)
        (self.classWeights, self.calibration) = (classWeights, calibration)
    }

    init(_ reader: inout ConfigurationReader, at path: String) {
        loss = reader.choice("\(path).loss", .crossEntropy, "How a sample's loss is computed.")
        focalGamma = reader.double(
            "\(path).focal_gamma", 2, 0...20, "How much loss: focal plays down what is easy.", records: loss == .focal)
        labelSmoothing = reader.double("\(path).label_smoothing", 0, 0...0.99, "Share of the target spread over all classes.")
        classWeights = reader.choice(
            "\(path).class_weights", .none, "How much each class counts; balanced: all the same, as scikit-learn's class_weight.")
        calibration = reader.choice(
            "\(path).calibration", .temperature,
            "Whether probabilities are calibrated on the val split by a temperature, for each subset of modalities by itself.")
        reader.refuse("\(path).focal_gamma", unless: loss == .focal, "acts only with loss: focal")
    }

    /// Powers below 1 have no slope at 0.
    static let smallest = 1e-7

    /// Independent outputs' loss, a sample each `[B]`: the mean over outputs of binary cross-entropies.
    ///
    /// - Parameters:
    ///   - logits: `[B, C]`.
    ///   - values: 1 or 0, `[B, C]`.
    func binaryLoss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor {
        let smoothed = try values.scaled(by: 1 - labelSmoothing).adding(labelSmoothing / 2)
        var terms = try logits.binaryCrossEntropyPerElement(smoothed)
        let absent = try values.scaled(by: -1).adding(1)
        if loss == .focal {
            let p = try logits.sigmoid()
            // 1 - p of the true side.
            let missed = try p * absent + p.scaled(by: -1).adding(1) * values
            terms = try missed.clamped(atLeast: Self.smallest).power(focalGamma) * terms
        }
        if let balance { terms = try (values * balance.positive + absent * balance.negative) * terms }
        return try terms.mean([1])
    }

    /// The mean over outputs of the probability given to what is true, `[B]`.
    static func binaryLikelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        let p = try logits.sigmoid()
        let absent = try values.scaled(by: -1).adding(1)
        return try (p * values + p.scaled(by: -1).adding(1) * absent).mean([1])
    }
}
