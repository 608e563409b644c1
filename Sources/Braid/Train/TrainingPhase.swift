/// A stretch of a training in which the same things are trained: with an optimizer and a schedule of its own.
struct TrainingPhase: Sendable, Equatable {
    /// What is told of it.
    let name: String
    /// Counted over the whole training, from 0.
    let epochs: Range<Int>
    /// How much of each encoder is trained.
    let trains: [Modality: Trainable]
}

extension TrainingSettings {
    /// The phases of a training whose encoders are in the end trained as `trains` says: first fusion and heads alone for so many epochs as
    /// asked (linear probing, then fine-tuning: Kumar et al. 2022, arXiv:2202.10054), then everything.
    func phases(_ trains: [Modality: Trainable]) -> [TrainingPhase] {
        let all = TrainingPhase(name: "everything", epochs: headEpochs..<epochs, trains: trains)
        guard headEpochs > 0 else { return [all] }
        return [
            TrainingPhase(name: "fusion and heads", epochs: 0..<headEpochs, trains: trains.mapValues { _ in .none }), all,
        ]
    }
}
