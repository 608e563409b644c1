/// How embeddings are fused.
public struct FusionSettings: Sendable {
    /// Which fusion.
    public let kind: FusionKind
    /// The size d of projections and of the fused embedding.
    public let dimension: Int
    /// The most tokens of a modality and sample that the fusion sees; nil where it takes pooled embeddings alone.
    public let tokens: Int?
    /// The chance of a value to be dropped in training.
    public let dropout: Double
    /// The chance of a modality to be hidden in training; one of each sample always stays.
    public let modalityDropout: Double
    /// The sentences that stand beside a cache of rows; nil where none do.
    let sentences: ZeroShotSettings?
    let make: FusionKind.MakeForTargets

    /// Reads the keys of `fusion`.
    ///
    /// - Parameter modalities: How many there are.
    init(_ reader: inout ConfigurationReader, modalities: Int) {
        let named = reader.document.leaves["fusion.type"]?.value.text.flatMap { FusionKind.registry[$0] }
        let dimension = reader.int(
            "fusion.dim", named?.standardDimension ?? 256, 1...65536,
            "Size of each modality's projection and of the fused embedding. Default: 256; 128 for fusions by attention.")
        let dropout = reader.double("fusion.dropout", 0.1, 0...0.95, "Dropout in the fusion.")
        let basics = FusionKind.Basics(dimension: dimension, dropout: dropout)
        let read = reader.kind(
            "fusion.type", HeadBeginning.hasZeroShot(reader) ? .alone : .auto, in: FusionKind.registry,
            "How modalities are fused; docs/fusions.md has the formulas. auto: training chooses by cross-validation (docs/choosing.md). none: one modality's embedding reaches the head as it is."
        ) { reader, kind in
            let tokens = kind.takesTokens ? Self.tokens(&reader) : nil
            return Own(tokens: tokens, make: kind.read(&reader, basics))
        }
        (kind, tokens, make) = (read.kind, read.own.tokens, read.own.make)
        let isAsked = TipAdapterClassifier.Prior.isZeroShot(reader)
        let sentences = reader.acting(isAsked, else: "acts only with fusion.prior: zero-shot") { ZeroShotSettings(&$0, "fusion") }
        self.sentences = isAsked ? sentences : nil
        modalityDropout = reader.double(
            "fusion.modality_dropout", modalities == 1 ? 0 : 0.2, 0...0.95,
            "Chance that a modality of a training sample is hidden; one always stays.", records: modalities > 1)
        reader.refuse(
            "fusion.modality_dropout", unless: modalities != 1 || modalityDropout == 0,
            "acts only with two modalities or more; leave it out, or set it to 0")
        (self.dimension, self.dropout) = (dimension, dropout)
        if kind.takesOneModality, modalities > 1 {
            reader.fault("takes one modality, and there are \(modalities); take a fusion", "fusion.type")
        }
        reader.idle(
            ["fusion.dim", "fusion.dropout"], unless: !kind.takesOneModality,
            "fusion.type: \(kind.name) takes the embedding as it is; leave it out")
        reader.idle(["fusion.dim", "fusion.dropout", "fusion.modality_dropout"], unless: !kind.isFitted, kind.fittedReason)
    }

    private struct Own {
        let tokens: Int?
        let make: FusionKind.MakeForTargets
    }

    private static func tokens(_ reader: inout ConfigurationReader) -> Int {
        reader.int(
            "fusion.tokens", 16, 1...4096,
            "The most tokens of a modality and sample that attention sees; longer sequences are averaged in as many equal stretches."
        )
    }
}

extension ConfigurationReader {
    /// Reads the number of attention heads, which must divide `dimension`.
    mutating func attentionHeads(dimension: Int) -> Int {
        let heads = int("fusion.heads", 4, 1...1024, "Attention heads; must divide dim.")
        if !dimension.isMultiple(of: heads) { fault("\(heads) heads do not divide fusion.dim, \(dimension)", "fusion.heads") }
        return heads
    }
}
