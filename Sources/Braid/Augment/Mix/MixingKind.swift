/// A way to make one batch of a batch and itself in another order.
///
/// One more is a file with its kind, and a line in `registry`.
public struct MixingKind: Registrable {
    /// What errors call one of them.
    public static let noun = "a way of mixing"

    /// Its key under `training`, unique among all of them.
    public let name: String
    /// Where it is described.
    public let paper: String
    /// What the JSON Schema says of the key.
    let meaning: String
    /// Whether it does anything to pictures alone.
    let cutsPictures: Bool

    /// Every way there is.
    static let registry = Registry<MixingKind>([.mixup, .cutmix])
}

/// How batches are mixed: `training.mixup` and `training.cutmix`.
public struct MixingSettings: Sendable, Equatable {
    /// The α of each way's Beta(α, α) that is asked for, in the order of the registry.
    let alphas: [(kind: MixingKind, alpha: Double)]

    /// Reads the keys.
    ///
    /// - Parameter attendsTokens: Whether the fusion does: tokens of two samples are not the same places.
    init(_ reader: inout ConfigurationReader, attendsTokens: Bool) {
        alphas = MixingKind.registry.all.compactMap { kind in
            let key = "training.\(kind.name)"
            let alpha = reader.double(key, 0, 0...100, kind.meaning)
            guard alpha > 0 else { return nil }
            reader.refuse(
                key, unless: !attendsTokens,
                "acts only with a fusion of pooled embeddings: tokens of two samples are not of the same place, and are not mixed")
            return (kind, alpha)
        }
    }

    /// Whether batches are not mixed.
    var isEmpty: Bool { alphas.isEmpty }

    /// Refuses what mixes pictures alone where no picture is at hand.
    func check(_ reader: inout ConfigurationReader, trainsPictures: Bool) {
        for (kind, _) in alphas where kind.cutsPictures {
            reader.refuse(
                "training.\(kind.name)", unless: trainsPictures,
                "acts only where the image encoder is trained: modalities.image.train: last:N or all")
        }
    }

    /// Two that ask for the same are the same.
    public static func == (left: MixingSettings, right: MixingSettings) -> Bool {
        left.alphas.map(\.kind.name) == right.alphas.map(\.kind.name) && left.alphas.map(\.alpha) == right.alphas.map(\.alpha)
    }

    /// What is drawn for a batch, whose samples may be seen as `presence` says; nil where nothing is mixed.
    func drawn(_ presence: [[Bool]], _ draws: inout Draws) -> BatchMixing? {
        guard !alphas.isEmpty else { return nil }
        let (kind, alpha) = alphas[draws.below(alphas.count)]
        let share = draws.beta(alpha)
        let middle = kind.cutsPictures ? (y: draws.unit(), x: draws.unit()) : nil
        return BatchMixing(share: share, middle: middle, partners: Self.partners(presence, &draws))
    }

    /// For each sample another of those that have the same modalities, or itself where there is none: so nothing is mixed with what is missing.
    private static func partners(_ presence: [[Bool]], _ draws: inout Draws) -> [Int] {
        var partners = Array(presence.indices)
        for (_, places) in Dictionary(grouping: presence.indices, by: { presence[$0] }).sorted(by: { $0.value[0] < $1.value[0] }) {
            for (place, other) in zip(places, draws.order(places.count)) { partners[place] = places[other] }
        }
        return partners
    }
}
