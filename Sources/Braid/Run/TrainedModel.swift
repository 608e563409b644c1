/// What a way of training leaves, before the test split has judged it.
struct TrainedModel {
    /// Ready for use: of the best epoch, and calibrated.
    let model: FusionModel
    let data: SplitData
    let history: [EpochRecord]
    /// The number of the epoch that the model is of, from 1.
    let bestEpoch: Int
    /// What its weights are an average of.
    let averages: AveragingRecord
    /// Whether training ended because the metric no longer improved.
    let stoppedEarly: Bool
    /// What loading encoders and embedding took.
    let embeddingSeconds: Double
}
