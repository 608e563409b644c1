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

extension TrainedModel {
    /// Which weights the model has, and what they were chosen by, in words.
    func selection(_ settings: TrainingSettings) -> String {
        // What is computed at once takes no step.
        guard history.last?.step != 0 else { return "the fitted model" }
        if !averages.summary.isEmpty { return "averaged weights" }
        let epoch = "epoch \(bestEpoch) of \(history.count)"
        guard settings.adaptation?.isOfLastEpoch != true else { return "\(epoch), the last" }
        return "\(epoch), the best by \(settings.stoppingName(model)) on val" + (stoppedEarly ? "; stopped early" : "")
    }
}
