extension TrainingSettings {
    /// The figure of `predictions` that early stopping and the best epochs go by; nil where it is undefined.
    func stoppingValue(_ predictions: Predictions) throws -> Double? {
        guard earlyStoppingMetric != .loss else { return predictions.loss }
        let head = predictions.heads.first { $0.target.name == earlyStoppingHead } ?? predictions.primary
        return try head.labelled().scores([earlyStoppingMetric])[earlyStoppingMetric]
    }

    /// What reports call it: the metric, with several heads behind the head's name.
    func stoppingName(_ model: FusionModel) -> String {
        (model.targets.count > 1 ? "\(earlyStoppingHead)." : "") + earlyStoppingMetric.name
    }

    /// The same in words.
    func stoppingTitle(_ model: FusionModel) -> String {
        (model.targets.count > 1 ? "\(earlyStoppingHead): " : "") + earlyStoppingMetric.title
    }
}
