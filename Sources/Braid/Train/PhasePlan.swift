/// How a training is cut into phases: `training.head_epochs`, `training.phases`, `training.unfreeze`.
struct PhasePlan: Sendable {
    /// Epochs at first in which only fusion and heads are trained; 0: none.
    private let headEpochs: Int
    /// Phases in the user's own words; empty: those that the other keys make.
    private let listed: [PhaseSettings]
    /// Epochs after which gradual unfreezing adds a block; 0: all of them are trained at once.
    private let unfreezesEvery: Int
    /// Passes over the training split in all phases together, at most.
    private let epochs: Int
    /// What of each encoder is trained where it is trained most.
    private let trains: [Modality: Trainable]

    /// What its keys begin with.
    static let keys = ["training.head_epochs", "training.phases.", "training.unfreeze."]

    /// Reads the keys.
    ///
    /// - Parameters:
    ///   - trains: What of each encoder is trained where it is trained most.
    ///   - epochs: Passes over the training split, at most.
    init(_ reader: inout ConfigurationReader, _ trains: [Modality: Trainable], epochs: Int) {
        (self.trains, self.epochs) = (trains, epochs)
        let trainsEncoders = trains.values.contains { $0 != .none }
        let reason = "acts only where an encoder is trained: modalities.….train other than none"
        let isListed = reader.isGiven("training.phases") || !PhaseSettings.names(reader).isEmpty && !reader.describesAll
        headEpochs = reader.int(
            "training.head_epochs", 0, 0...1_000_000,
            "Epochs at first in which only fusion and heads are trained, with a schedule of their own and without early stopping; encoders are frozen meanwhile, and cost nothing.",
            records: trainsEncoders && !isListed)
        let unfreezable = Self.unfreezable(trains)
        let canUnfreeze = unfreezable.values.contains { $0 != .last(1) }
        unfreezesEvery = reader.int(
            "training.unfreeze.every", 0, 0...1_000_000,
            "Epochs after which one more block of each encoder with train: last:N or all is trained, from the last block on (gradual unfreezing); each time is a phase. 0: all its blocks are trained from the beginning.",
            records: canUnfreeze && !isListed)
        let phases = reader.acting(trainsEncoders, else: reason) { PhaseSettings.read(&$0, epochs: epochs) }
        listed = trainsEncoders ? phases : []
        for key in ["training.head_epochs", "training.unfreeze.every"] {
            reader.refuse(key, unless: trainsEncoders, reason)
            reader.refuse(
                key, unless: !isListed || !trainsEncoders, "says how training.phases are made, which are given; leave one out")
        }
        if headEpochs >= epochs {
            reader.fault("leaves no epoch for the encoders: training.epochs is \(epochs)", "training.head_epochs")
        }
        guard trainsEncoders else { return }
        reader.refuse(
            "training.unfreeze.every", unless: isListed || canUnfreeze,
            "acts only where an encoder has train: last:N with N above 1, or all")
        let known = unfreezable.values.compactMap { train in if case .last(let count) = train { count } else { nil } }
        if let most = known.max(), let missing = missingEpochs(blocks: most) { reader.fault(missing, "training.unfreeze.every") }
        PhaseSettings.check(listed, &reader, trains, epochs: epochs)
    }

    /// The sum of the epochs of the phases that a document lists; nil where it lists none, or one does not say it.
    static func epochs(listedIn reader: ConfigurationReader) -> Int? {
        let all = PhaseSettings.names(reader).map { PhaseSettings.epochs(of: $0, reader) }
        let known = all.compactMap { $0 }
        return known.isEmpty || known.count < all.count ? nil : known.reduce(0, +)
    }

    /// Whether there is more than one phase.
    var hasSeveral: Bool { headEpochs > 0 || unfreezesEvery > 0 || listed.count > 1 }

    /// Epochs at first in which no encoder is trained.
    var epochsWithoutEncoders: Int {
        guard !listed.isEmpty else { return headEpochs }
        return phases(blocks: [:]).prefix(while: \.isWithoutEncoders).last?.epochs.upperBound ?? 0
    }

    /// The key that says how long the last phase is, where it has one.
    var lastEpochsKey: String? { listed.last.map { "training.phases.\($0.name).epochs" } }

    /// The phases, in their order.
    ///
    /// - Parameter blocks: How many blocks the encoders have; it matters to gradual unfreezing alone.
    func phases(blocks: [Modality: Int]) -> [TrainingPhase] {
        var phases: [TrainingPhase] = []
        var first = 0
        let add = { (name: String, count: Int, trains: [Modality: Trainable], own: PhaseSettings?) in
            let next = first + count
            phases.append(
                TrainingPhase(
                    name: name, epochs: first..<next, trains: trains, learningRate: own?.learningRate,
                    encoderLearningRate: own?.encoderLearningRate))
            first = next
        }
        for phase in listed {
            // Of an adapter the phase says the rank alone.
            let own = phase.trains.filter { trains[$0.key] != nil && !$0.value.isAdapter }
            add(phase.name, phase.epochs ?? 1, trains.merging(own) { $1 }, phase)
        }
        guard listed.isEmpty else { return phases }
        // Linear probing, then fine-tuning: Kumar et al. 2022, arXiv:2202.10054.
        if headEpochs > 0 { add("fusion and heads", headEpochs, trains.mapValues { _ in .none }, nil) }
        // Howard & Ruder 2018, arXiv:1801.06146, section 3.3.
        let steps = steps(blocks)
        for count in 1..<max(1, unfreezesEvery > 0 ? steps : 1) {
            add(count == 1 ? "last block" : "last \(count) blocks", unfreezesEvery, unfrozen(count, blocks), nil)
        }
        add("everything", epochs - first, trains, nil)
        return phases
    }

    /// What is wrong with gradual unfreezing where encoders have so many blocks; nil: nothing.
    func missingEpochs(blocks: Int) -> String? {
        let needed = headEpochs + unfreezesEvery * (blocks - 1)
        guard unfreezesEvery > 0, needed >= epochs else { return nil }
        return "\(blocks) blocks are all trained only after \(needed) epochs, and training.epochs is \(epochs)"
    }

    /// How many blocks the encoder with most of them trains in the end, of those that are unfrozen gradually.
    func steps(_ blocks: [Modality: Int]) -> Int { Self.unfreezable(trains).map { Self.count($1, blocks[$0]) }.max() ?? 1 }

    /// The encoders that gradual unfreezing acts on; others are trained as they are from the beginning.
    private static func unfreezable(_ trains: [Modality: Trainable]) -> [Modality: Trainable] {
        trains.filter { _, train in
            if case .last = train { return true }
            return train == .all
        }
    }

    private func unfrozen(_ count: Int, _ blocks: [Modality: Int]) -> [Modality: Trainable] {
        trains.merging(Self.unfreezable(trains).filter { Self.count($1, blocks[$0]) > count }.mapValues { _ in .last(count) }) {
            $1
        }
    }

    private static func count(_ train: Trainable, _ blocks: Int?) -> Int {
        if case .last(let count) = train { count } else { blocks ?? 1 }
    }
}
