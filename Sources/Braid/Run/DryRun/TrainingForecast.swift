/// What a training would do, phase by phase, and what memory and time it would probably take.
public struct TrainingForecast: Codable, Sendable {
    /// A part of the model in a phase.
    public struct Part: Codable, Sendable {
        /// `image encoder` and so on, `fusion`, `heads`, or `methods`, what training methods have of their own.
        public let name: String
        /// What is trained of it, for example `none`, `last:1` or `all`.
        public let train: String
        /// How many values are trained.
        public let trained: Int
        /// How many values stay as they are, running statistics among them.
        public let frozen: Int
    }

    /// Parameters that are trained alike.
    public struct Group: Codable, Sendable {
        /// What the group is called.
        public let name: String
        /// How many values it has.
        public let values: Int
        /// The peak learning rate.
        public let learningRate: Double
        /// The weight decay.
        public let weightDecay: Double

        private enum CodingKeys: String, CodingKey {
            case name, values
            case learningRate = "learning_rate"
            case weightDecay = "weight_decay"
        }
    }

    /// Bytes of main memory; of the device's where it is computed on another.
    public struct Memory: Codable, Sendable {
        /// Of the process before anything is loaded: libraries, and the manifest.
        public let process: Int
        /// All weights, as float32.
        public let weights: Int
        /// Gradients of what is trained.
        public let gradients: Int
        /// What the optimizer keeps.
        public let optimizer: Int
        /// The moving average of the weights.
        public let average: Int
        /// Embeddings of all samples, by frozen encoders.
        public let embeddings: Int
        /// Activations and work space of a training step, or of judging val or watching modalities where that takes more; nil where it could not
        /// be measured.
        public let activations: Int?
        /// Work space of embedding and reading, before there are gradients; nil where it could not be measured.
        public let preparation: Int?
        /// The most that the trial of the phase came to, what the process keeps of freed memory among it; nil where it could not be measured.
        public let tried: Int?
        /// The most at a time.
        public let total: Int

        init(
            process: Int, weights: Int, gradients: Int, optimizer: Int, average: Int, embeddings: Int, activations: Int?,
            preparation: Int?, tried: Int?
        ) {
            (self.process, self.weights, self.gradients, self.optimizer) = (process, weights, gradients, optimizer)
            (self.average, self.embeddings) = (average, embeddings)
            (self.activations, self.preparation, self.tried) = (activations, preparation, tried)
            let trained = gradients + optimizer + average + (activations ?? 0)
            total = max(process + weights + embeddings + max(trained, preparation ?? 0), tried ?? 0)
        }
    }

    /// Seconds.
    public struct Time: Codable, Sendable {
        /// Loading encoders, embedding what is frozen, and reading what is not once.
        public let preparation: Double
        /// An optimizer step.
        public let step: Double
        /// Behind an epoch's steps: judging the val split, what training methods do, checkpoints.
        public let epochEnd: Double
        /// The whole phase, if it does not stop early.
        public let total: Double

        private enum CodingKeys: String, CodingKey {
            case preparation, step, total
            case epochEnd = "epoch_end"
        }
    }

    /// A phase.
    public struct Phase: Codable, Sendable {
        /// What it is called.
        public let name: String
        /// The number of its first epoch, from 1.
        public let firstEpoch: Int
        /// The number of its last epoch.
        public let lastEpoch: Int
        /// Optimizer steps of an epoch.
        public let stepsPerEpoch: Int
        /// Encoders, fusion, heads, and what training methods have of their own.
        public let parts: [Part]
        /// What the optimizer is given.
        public let groups: [Group]
        /// While it is trained.
        public let memory: Memory
        /// What it takes.
        public let seconds: Time

        private enum CodingKeys: String, CodingKey {
            case name, parts, groups, memory, seconds
            case firstEpoch = "first_epoch"
            case lastEpoch = "last_epoch"
            case stepsPerEpoch = "steps_per_epoch"
        }
    }

    /// Where it would be computed.
    public let device: String
    /// How many samples of each split there are, by its name.
    public let samples: [String: Int]
    /// Samples that make a step.
    public let stepSize: Int
    /// What changes parameters by their gradients.
    public let optimizer: String
    /// In their order; none where the fusion is fitted at once.
    public let phases: [Phase]
    /// Seconds behind the last epoch: averages of weights, calibration, the test split.
    public let afterwards: Double
    /// How the figures came about, and what is not in them.
    public let basis: [String]

    /// Seconds of everything.
    public let seconds: Double

    init(
        device: String, samples: [String: Int], stepSize: Int, optimizer: String, phases: [Phase], afterwards: Double,
        basis: [String]
    ) {
        (self.device, self.samples, self.stepSize, self.optimizer) = (device, samples, stepSize, optimizer)
        (self.phases, self.afterwards, self.basis) = (phases, afterwards, basis)
        seconds = phases.map(\.seconds.total).reduce(afterwards, +)
    }

    private enum CodingKeys: String, CodingKey {
        case device, samples, optimizer, phases, afterwards, basis, seconds
        case stepSize = "step_size"
    }
}
