public import Foundation

/// What made a run.
public struct RunRecord: Codable, Sendable {
    /// The command and its arguments; empty where the library made the run.
    public let command: [String]
    /// Braid's version.
    public let braid: String
    /// The version of libtorch.
    public let libtorch: String
    /// The seed of initial weights, order and dropout.
    public let seed: Int
    /// Where tensors were computed, for example `cpu` or `cuda:0`.
    public let device: String
    /// What int8 costs encoders that were asked for it, by modality, where this run found out; nil where there are none.
    public let int8: [String: Int8Record]?
    /// The name of the manifest's file.
    public let manifest: String
    /// SHA-256 of the manifest's file.
    public let manifestSHA256: String
    /// SHA-256 of the run's `config.yaml` as it was when the run was complete; nil before that, and in records of earlier versions.
    public internal(set) var configurationSHA256: String?
    /// How many samples of each split were used, by its name.
    public let samples: [String: Int]
    /// How many values training changed.
    public let trainedParameters: Int
    /// How many values the model has.
    public let allParameters: Int
    /// When the run began.
    public let started: Date
    /// What `embedding` and `training` took, in seconds.
    public let seconds: [String: Double]
    /// Whether training ended because the metric no longer improved.
    public let stoppedEarly: Bool
    /// The number of the epoch that the model is of, from 1.
    public let bestEpoch: Int
    /// What the model's weights are an average of.
    public let averages: AveragingRecord
    /// What `fusion.type` calls the model's fusion.
    public let fusion: String
    /// Why it was taken, where the configuration left that to training.
    public let choice: FusionChoice?
    /// What cross-validation says of the recipe, where the configuration asks for it.
    public let evaluation: CrossEvaluation?
    /// How it was adapted to a target domain, where the configuration names one.
    public let adaptation: AdaptationRecord?
    /// Which training of a chain the run is; nil where it began with no earlier model.
    public let lineage: Lineage?
    /// How each stage's model does on each stage's test rows, where there are several.
    public let stages: StageReport?
    /// The figures of the test split by metric, with several heads by `HEAD.METRIC`; empty where there is none.
    public let test: [String: Double]
    /// Temperatures by head and subset of modalities.
    public let calibration: [String: [String: Double]]

    private enum CodingKeys: String, CodingKey {
        case command, braid, libtorch, seed, device, manifest, samples, started, seconds, fusion, choice, evaluation,
            adaptation, test, calibration, averages, lineage, stages, int8
        case manifestSHA256 = "manifest_sha256"
        case configurationSHA256 = "configuration_sha256"
        case trainedParameters = "trained_parameters"
        case allParameters = "all_parameters"
        case stoppedEarly = "stopped_early"
        case bestEpoch = "best_epoch"
    }
}
