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
    let make: FusionKind.MakeWithHeads

    /// Reads the keys of `fusion`.
    ///
    /// - Parameter modalities: How many there are.
    init(_ reader: inout ConfigurationReader, modalities: Int) {
        let dimension = reader.int(
            "fusion.dim", 256, 1...65536, "Size of each modality's projection and of the fused embedding.")
        let dropout = reader.double("fusion.dropout", 0.1, 0...0.95, "Dropout in the fusion.")
        let basics = FusionKind.Basics(dimension: dimension, dropout: dropout)
        let read = reader.kind(
            "fusion.type", FusionKind.concat.name, in: FusionKind.registry,
            "How modalities are fused; docs/fusions.md has the formulas."
        ) { reader, kind in
            let tokens = kind.takesTokens ? Self.tokens(&reader) : nil
            return Own(tokens: tokens, make: kind.read(&reader, basics))
        }
        kind = read?.kind ?? .concat
        tokens = read?.own.tokens ?? nil
        let never: FusionKind.MakeWithHeads = { _, _, _ in throw BraidError(.internal, "a fusion that was not read") }
        make = read?.own.make ?? never
        modalityDropout = reader.double(
            "fusion.modality_dropout", modalities == 1 ? 0 : 0.2, 0...0.95,
            "Chance that a modality of a training sample is hidden; one always stays.", records: modalities > 1)
        reader.refuse(
            "fusion.modality_dropout", unless: modalities != 1 || modalityDropout == 0,
            "acts only with two modalities or more; leave it out, or set it to 0")
        (self.dimension, self.dropout) = (dimension, dropout)
    }

    private struct Own {
        let tokens: Int?
        let make: FusionKind.MakeWithHeads
    }

    private static func tokens(_ reader: inout ConfigurationReader) -> Int {
        reader.int(
            "fusion.tokens", 16, 1...4096,
            "The most tokens of a modality and sample that attention sees; longer sequences are averaged in as many equal stretches."
        )
    }

    /// The keys that only some fusions read, and that `kind` does not: what gives way where a configuration changes to it.
    static func idleKeys(of kind: FusionKind) -> Set<String> {
        let own = { (kind: FusionKind) -> Set<String> in
            var reader = ConfigurationReader(ConfigurationDocument(yaml: "", file: ""))
            _ = kind.read(&reader, .init(dimension: 256, dropout: 0))
            return Set(reader.keys.map(\.path) + (kind.takesTokens ? ["fusion.tokens"] : []))
        }
        return FusionKind.registry.all.map(own).reduce(Set()) { $0.union($1) }.subtracting(own(kind))
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
