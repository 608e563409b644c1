internal import Torch

/// One of `training.phases`.
struct PhaseSettings: Sendable {
    /// What the user calls it.
    let name: String
    /// How long it is; nil where that is not said, and cannot be told.
    let epochs: Int?
    /// What of encoders is trained; of those that are not among them what `modalities.….train` says.
    let trains: [Modality: Trainable]
    /// The peak learning rate of fusion and heads; nil: the training's.
    let learningRate: Double?
    /// The peak learning rate of what is trained of encoders; nil: that of each.
    let encoderLearningRate: Double?

    /// - Parameter rest: How long it is where that is not said.
    private init(_ reader: inout ConfigurationReader, _ name: String, rest: Int?) {
        self.name = name
        let path = "training.phases.\(name)"
        epochs = reader.read(
            "\(path).epochs", rest,
            "How many epochs a phase is long; phases come in their order in the file, each with an optimizer and a schedule of its own. Default, of the last phase alone: what is left of training.epochs.",
            expected: "a whole number from 1 to 1000000", schema: ["type": "integer", "minimum": 1, "maximum": 1_000_000],
            parse: { given in given.int.flatMap { (1...1_000_000).contains($0) ? $0 : nil } }, represent: { .whole($0) })
        learningRate = reader.optionalDouble(
            "\(path).learning_rate", 1e-9...1000,
            "Peak learning rate of fusion and heads in the phase. Default: training.learning_rate.")
        encoderLearningRate = reader.optionalDouble(
            "\(path).encoder_learning_rate", 0...1000,
            "Peak learning rate of what is trained of encoders in the phase. Default: of each modalities.….learning_rate.")
        var trains: [Modality: Trainable] = [:]
        for modality in reader.modalities {
            trains[modality] = reader.read(
                "\(path).train.\(modality)", nil,
                "What of the encoder is trained in the phase: a part of what modalities.\(modality).train says, or none of it. Default: all of that.",
                expected: Trainable.expected, schema: ["type": "string", "pattern": Trainable.pattern],
                parse: { $0.text.flatMap { Trainable($0) } }, represent: { .text($0.text) })
        }
        self.trains = trains
    }

    /// The names of the phases that a document lists.
    static func names(_ reader: ConfigurationReader) -> [String] {
        reader.describesAll ? ["*"] : reader.names(under: "training.phases")
    }

    /// The epochs that a document gives a phase; nil where it gives none.
    static func epochs(of name: String, _ reader: ConfigurationReader) -> Int? {
        reader.document.leaves["training.phases.\(name).epochs"]?.value.int.flatMap { (1...1_000_000).contains($0) ? $0 : nil }
    }

    /// Reads `training.phases`; none where only the keys are asked for.
    ///
    /// - Parameter epochs: Of the whole training: what the others leave is the last one's, where it says nothing.
    static func read(_ reader: inout ConfigurationReader, epochs: Int) -> [PhaseSettings] {
        let names = names(reader)
        if reader.isGiven("training.phases") {
            reader.fault(
                "expected a name for each phase and its keys under it, for example heads: {epochs: 2, train: {image: none}}",
                "training.phases")
            reader.describe("training.phases", "", schema: [:])
        }
        for name in names where !reader.describesAll && !isName(name) {
            reader.fault("a phase's name is made of letters, digits, _ and -", "training.phases.\(name)")
        }
        let rest = epochs - names.dropLast().compactMap { Self.epochs(of: $0, reader) }.reduce(0, +)
        let phases = names.map { PhaseSettings(&reader, $0, rest: $0 == names.last && rest > 0 ? rest : nil) }
        return reader.describesAll ? [] : phases
    }

    private static func isName(_ text: String) -> Bool {
        text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }

    /// Reports what does not fit together.
    static func check(
        _ phases: [PhaseSettings], _ reader: inout ConfigurationReader, _ most: [Modality: Trainable], epochs: Int
    ) {
        guard !phases.isEmpty else { return }
        checkEpochs(phases, &reader, epochs)
        for phase in phases {
            for modality in reader.modalities {
                reader.refuse(
                    "training.phases.\(phase.name).train.\(modality)", unless: most[modality] != nil,
                    "there is no such encoder: modalities.\(modality) is not given")
            }
            let key = "training.phases.\(phase.name).encoder_learning_rate"
            reader.refuse(
                key, unless: most.contains { (phase.trains[$0] ?? $1) != .none }, "the phase trains no encoder")
        }
        for (modality, train) in most.sorted(by: { $0.key < $1.key }) { check(phases, &reader, modality, train) }
    }

    private static func checkEpochs(_ phases: [PhaseSettings], _ reader: inout ConfigurationReader, _ epochs: Int) {
        for phase in phases.dropLast() where phase.epochs == nil {
            reader.fault(
                "expected a whole number from 1; only the last phase may leave it out", "training.phases.\(phase.name).epochs")
        }
        let sum = phases.compactMap(\.epochs).reduce(0, +)
        guard let last = phases.last, phases.dropLast().allSatisfy({ $0.epochs != nil }) else { return }
        if last.epochs == nil {
            reader.fault(
                "no epoch is left for it: the phases before have \(sum), and training.epochs is \(epochs)",
                "training.phases.\(last.name)")
        } else if sum != epochs {
            reader.fault("the epochs of training.phases add up to \(sum), and training.epochs is \(epochs)", "training.epochs")
        }
    }

    /// Reports phases that do not fit what is trained `most` of an encoder.
    private static func check(
        _ phases: [PhaseSettings], _ reader: inout ConfigurationReader, _ modality: Modality, _ most: Trainable
    ) {
        let name = "modalities.\(modality).train"
        var earlier: String?
        for phase in phases {
            let (train, key) = (phase.trains[modality] ?? most, "training.phases.\(phase.name).train.\(modality)")
            if !most.includes(train) {
                let fitting =
                    most.isAdapter || most == .none ? "a phase trains that or none" : "a phase trains that or a part of it"
                reader.fault("\(train.text) does not lie in \(name): \(most.text); \(fitting)", key)
            } else if train == .none, let earlier {
                reader.fault(
                    "freezes the encoder again, which phase \(earlier) has trained: a frozen encoder computes with the weights that it began with; train less of it, or put this phase first",
                    key)
            }
            if train != .none { earlier = phase.name }
        }
        guard most != .none, !phases.contains(where: { ($0.trains[modality] ?? most).text == most.text }) else { return }
        reader.fault("is \(most.text), and no phase of training.phases trains all of that; say what they train at most", name)
    }
}

extension Trainable {
    /// Whether everything that `part` trains is among what this trains. Of adapters only all or nothing is.
    func includes(_ part: Trainable) -> Bool {
        switch (self, part) {
        case (_, .none): true
        case (.all, _): !part.isAdapter
        case (.first(let count), .first(let less)), (.last(let count), .last(let less)): less <= count
        case (.lora(let own, _), .lora(let other, _)): own.rank == other.rank
        default: self == part
        }
    }
}
