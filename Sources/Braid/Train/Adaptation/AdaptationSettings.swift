internal import Foundation
internal import Torch

/// How a training is adapted to a target domain of which no labels are read.
public struct AdaptationSettings: Sendable {
    /// Which embeddings of both domains are drawn together.
    public enum Embedding: String, CaseIterable, Sendable {
        /// What the fusion makes of all modalities.
        case fused
        /// Each modality's projection, before it has met any other.
        case modalities
    }

    /// How strongly the method acts as training goes on.
    public enum Ramp: String, CaseIterable, Sendable {
        /// From nothing to everything: `2 / (1 + exp(-10 p)) - 1`, where p is the share of the steps done (Ganin et al. 2016).
        case ramp
        /// The same throughout.
        case constant

        /// From 0 to 1, `progress` being the share of the steps done.
        func strength(_ progress: Double) -> Double {
            switch self {
            case .ramp: 2 / (1 + exp(-10 * progress)) - 1
            case .constant: 1
            }
        }
    }

    /// The target's manifest, as the document writes it.
    public let target: String
    /// The method.
    public let kind: AdaptationKind
    /// Where the choice is left to training: what is tried.
    public let candidates: [String]
    /// Whether the source's own model stays where too little evidence speaks for the adapted one.
    public let isJudged: Bool
    /// Whose embeddings a loss compares.
    let embedding: Embedding
    /// What a loss counts.
    let weight: Double
    let ramp: Ramp
    /// Whether each class of the source is shown as often as any other.
    let isBalanced: Bool
    let makeLoss: AdaptationKind.MakeLoss?
    let data: (any DataAdaptation)?

    static let path = "training.adaptation"

    /// What a kind reads of its own.
    private struct Own {
        var makeLoss: AdaptationKind.MakeLoss?
        var data: (any DataAdaptation)?
        var candidates: [String] = []
        var (embedding, weight, ramp, isBalanced) = (Embedding.fused, 1.0, Ramp.ramp, false)
    }

    /// Reads the keys of `training.adaptation`; nil where no target is named.
    static func read(
        _ reader: inout ConfigurationReader, trainsEncoders: Bool, _ fusion: FusionSettings, _ heads: [HeadSettings]
    ) -> AdaptationSettings? {
        let key = "\(path).target"
        let target = reader.optionalString(
            key,
            "The manifest of a target domain to adapt to, relative to this file. Its labels are not read in training. Rows of its test split judge alone; without a split column all rows do both."
        )
        let settings = reader.acting(target != nil, else: "acts only with \(key)") { reader in
            AdaptationSettings(&reader, target ?? "", fusion, heads, trainsEncoders: trainsEncoders)
        }
        guard target != nil else { return nil }
        settings.check(&reader, trainsEncoders: trainsEncoders, fusion, heads)
        return settings
    }

    private init(
        _ reader: inout ConfigurationReader, _ target: String, _ fusion: FusionSettings, _ heads: [HeadSettings],
        trainsEncoders: Bool
    ) {
        self.target = target
        let hasClasses = heads.first?.kind.form == .classes
        let (kind, own) = reader.kind(
            "\(Self.path).method", .auto, in: AdaptationKind.registry,
            "How the training is adapted; auto tries several methods, and keeps what the target's unlabelled rows speak for."
        ) { reader, kind in Self.own(&reader, kind, hasClasses: hasClasses) }
        self.kind = kind
        (makeLoss, data) = (own.makeLoss, own.data)
        (embedding, weight, ramp, isBalanced) = (own.embedding, own.weight, own.ramp, own.isBalanced)
        let fitting = AdaptationKind.registry.all.filter { !$0.isChoice && $0.fault(fusion, heads, trainsEncoders: false) == nil }
        candidates = own.candidates.isEmpty ? fitting.map(\.name) : own.candidates
        isJudged = reader.bool(
            "\(Self.path).judge", !trainsEncoders && hasClasses,
            "Whether the source's own model stays where too little evidence speaks for the adapted one. Default: true where encoders are frozen and the first head has classes."
        )
    }

    private static func own(_ reader: inout ConfigurationReader, _ kind: AdaptationKind, hasClasses: Bool) -> Own {
        var own = Own()
        switch kind.form {
        case .choice:
            own.candidates = reader.strings("\(path).candidates", "What auto tries. Default: every method that fits.")
        case .data(let read): own.data = read(&reader)
        case .loss(let isOnLogits, let weight, let read):
            own.weight = reader.double("\(path).weight", weight, 0...1_000_000, "What the method's loss counts.")
            own.ramp = reader.choice(
                "\(path).schedule", .ramp,
                "How strongly it acts: ramp, from nothing to everything as training goes on; or constant.")
            own.isBalanced = reader.bool(
                "\(path).balanced", hasClasses,
                "Whether each class of the source is shown as often as any other. Default: true of heads with classes.")
            if !isOnLogits {
                own.embedding = reader.choice(
                    "\(path).on", .fused,
                    "Whose embeddings are drawn together: the fused ones, or those of each modality by itself.")
            }
            own.makeLoss = read(&reader)
        }
        return own
    }

    private func check(
        _ reader: inout ConfigurationReader, trainsEncoders: Bool, _ fusion: FusionSettings, _ heads: [HeadSettings]
    ) {
        let key = "\(Self.path).method"
        let names = AdaptationKind.registry.all.filter { !$0.isChoice }.map(\.name)
        for name in candidates {
            guard let candidate = AdaptationKind.registry[name], !candidate.isChoice else {
                reader.fault("\(name) is none of \(names.joined(separator: ", "))", "\(Self.path).candidates")
                continue
            }
            if kind.isChoice, let fault = candidate.fault(fusion, heads, trainsEncoders: trainsEncoders) {
                reader.fault("\(name): \(fault)", "\(Self.path).candidates")
            }
        }
        if let fault = kind.fault(fusion, heads, trainsEncoders: trainsEncoders) { reader.fault(fault, key) }
        if isBalanced, heads.first?.kind.form != .classes {
            reader.fault("\(heads.first?.kind.name ?? "the head") has no classes to show alike", "\(Self.path).balanced")
        }
        if isJudged, trainsEncoders {
            reader.fault(
                "needs a model of the source to compare with, which is trained only on embeddings of frozen encoders",
                "\(Self.path).judge")
        }
        if isJudged, heads.first?.kind.form != .classes {
            reader.fault("scorers need a head with classes; set it to false to adapt unjudged", "\(Self.path).judge")
        }
    }
}

extension AdaptationSettings {
    /// Whether the model is of the last epoch: val of the source says how well it does there, and nothing of the target.
    var isOfLastEpoch: Bool { makeLoss != nil }

    /// Refuses what chooses an epoch by val where the last one is taken.
    func takesLastEpoch(_ reader: inout ConfigurationReader, patience: Int) {
        guard isOfLastEpoch else { return }
        let reason =
            "goes by val of the source, which says nothing of the target: with \(Self.path).method: \(kind.name) the model is of the last epoch"
        reader.idle(["training.early_stopping.metric", "training.early_stopping.head"], unless: false, reason)
        reader.idle(["training.early_stopping.patience"], unless: patience == 0, reason)
        reader.refuse("training.soup", unless: reader.document.leaves["training.soup"]?.value.text == "none", reason)
    }
}

extension AdaptationKind {
    /// Why the method cannot do what is asked; nil where it can.
    func fault(_ fusion: FusionSettings, _ heads: [HeadSettings], trainsEncoders: Bool) -> String? {
        if needsClasses, heads.first?.kind.form != .classes {
            return "needs a first head with classes that exclude each other"
        }
        switch form {
        case .choice where trainsEncoders: return "tries methods on embeddings of frozen encoders; name one method"
        case .data where trainsEncoders: return "changes embeddings of frozen encoders; set modalities.….train to none"
        case .data where fusion.tokens != nil:
            return "changes pooled embeddings, and fusion.type: \(fusion.kind.name) takes tokens; take another fusion"
        case .loss where fusion.kind.making != .trained:
            return
                "is a loss of training by gradients, and fusion.type: \(fusion.kind.name) is not trained so; take fusion.type: concat, or one of \(Self.names(ofLosses: false))"
        default: return nil
        }
    }

    private static func names(ofLosses isLoss: Bool) -> String {
        registry.all.filter { !$0.isChoice && $0.isLoss == isLoss }.map(\.name).joined(separator: ", ")
    }
}
