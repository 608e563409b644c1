/// What a comparison with the training's data allows to say.
public enum DriftState: String, Sendable, Codable {
    /// Different beyond chance, by enough to matter.
    case moved
    /// Different beyond chance, by less than what matters.
    case slight
    /// Not different beyond chance.
    case same
    /// Not compared.
    case untested

    /// - Parameters:
    ///   - p: The corrected p-value.
    ///   - alpha: The level.
    ///   - matters: Whether the difference is large enough to matter.
    init(p: Double, alpha: Double, matters: Bool) { self = p >= alpha ? .same : matters ? .moved : .slight }
}

/// The embeddings of a modality, or the fused ones, of the training and new ones.
public struct EmbeddingDrift: Sendable, Codable {
    /// The modality's name, or `fused`.
    public let name: String
    /// How many rows of the training are compared.
    public let referenceRows: Int
    /// How many new ones are.
    public let newRows: Int
    /// Whether they differ.
    public let state: DriftState
    /// Why nothing is compared; nil where it is.
    public let reason: String?
    /// The unbiased estimate of MMD².
    public let discrepancy: Double?
    /// Of MMD, by permutation, not corrected.
    public let kernelP: Double?
    /// The same, corrected for all tests of the run.
    public let kernelAdjustedP: Double?
    /// The share of rows that MMD's kernel tells apart when it has not seen them; 0.5 is chance.
    public let kernelAccuracy: Double?
    /// Of the classifier, by permutation, not corrected.
    public let classifierP: Double?
    /// The same, corrected for all tests of the run.
    public let classifierAdjustedP: Double?
    /// The share of rows that a linear classifier tells apart when it has not seen them; 0.5 is chance.
    public let classifierAccuracy: Double?
    /// The share of rows told apart from which on the classifier's test would probably (80 %) notice with as many rows.
    public let noticedFrom: Double?

    private enum CodingKeys: String, CodingKey {
        case name, state, reason
        case referenceRows = "reference_rows"
        case newRows = "new_rows"
        case discrepancy = "mmd"
        case kernelP = "mmd_p"
        case kernelAdjustedP = "mmd_p_holm"
        case kernelAccuracy = "mmd_accuracy"
        case classifierP = "classifier_p"
        case classifierAdjustedP = "classifier_p_holm"
        case classifierAccuracy = "classifier_accuracy"
        case noticedFrom = "noticed_from_accuracy"
    }

    /// How well the sides are told apart: the larger of both figures; 0 where nothing is compared.
    var accuracy: Double { max(kernelAccuracy ?? 0, classifierAccuracy ?? 0) }
    /// The smaller of the corrected p-values.
    var adjustedP: Double { min(kernelAdjustedP ?? 1, classifierAdjustedP ?? 1) }
}

/// How often a modality is missing, in the training's rows and in new ones.
public struct MissingDrift: Sendable, Codable {
    /// The modality's name.
    public let name: String
    /// The share of the training's rows that lack it.
    public let before: Double
    /// The share of the new rows that lack it.
    public let after: Double
    /// Fisher's exact test, not corrected.
    public let p: Double
    /// The same, corrected for all tests of the run.
    public let adjustedP: Double
    /// Whether it differs.
    public let state: DriftState

    private enum CodingKeys: String, CodingKey {
        case name, before, after, p, state
        case adjustedP = "p_holm"
    }
}

/// The classes of a head, in the training's rows and, estimated without labels, in new ones.
public struct ClassDrift: Sendable, Codable {
    /// One class.
    public struct Share: Sendable, Codable {
        /// Its name.
        public let name: String
        /// Its share among the training's rows that the model has not learnt from.
        public let before: Double
        /// Its share among the new rows, estimated by black box shift estimation.
        public let after: Double
        /// The lower end of the 95 % interval of `after`.
        public let lower: Double
        /// The upper end of it.
        public let upper: Double
    }

    /// The head's name.
    public let name: String
    /// Whether the model answers with its classes as often as it did.
    public let state: DriftState
    /// Why nothing is compared or estimated; nil where everything is.
    public let reason: String?
    /// Of the classes that are predicted, by permutation, not corrected.
    public let p: Double?
    /// The same, corrected for all tests of the run.
    public let adjustedP: Double?
    /// Half the sum of the differences of shares; nil where they cannot be estimated.
    public let distance: Double?
    /// In the head's order; empty where shares cannot be estimated.
    public let shares: [Share]

    private enum CodingKeys: String, CodingKey {
        case name, state, reason, p, distance, shares
        case adjustedP = "p_holm"
    }
}

/// What labels say, where new rows have some: nothing else of a verdict goes by them.
public struct DriftAccuracy: Sendable, Codable {
    /// The head's name.
    public let name: String
    /// The new rows with a label that the model knows.
    public let samples: Int
    /// Those with a label that it does not know.
    public let unknown: Int
    /// The accuracy on the training's rows that the model has not learnt from; nil where there are none, or for heads without classes.
    public let before: Double?
    /// The figure on the new rows.
    public let after: Double?
    /// The metric's name.
    public let metric: String
}
