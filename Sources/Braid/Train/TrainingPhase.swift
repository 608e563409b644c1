/// A stretch of a training in which the same things are trained: with an optimizer and a schedule of its own.
struct TrainingPhase: Sendable, Equatable {
    /// What is told of it.
    let name: String
    /// Counted over the whole training, from 0.
    let epochs: Range<Int>
    /// How much of each encoder is trained.
    let trains: [Modality: Trainable]
    /// The peak learning rate of fusion and heads; nil: the training's.
    var learningRate: Double?
    /// The peak learning rate of what is trained of encoders; nil: that of each.
    var encoderLearningRate: Double?

    /// Whether every encoder is frozen.
    var isWithoutEncoders: Bool { trains.values.allSatisfy { $0 == .none } }
}
