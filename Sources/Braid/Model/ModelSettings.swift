/// What a model is made of, beside its encoders and what it has learnt.
public struct ModelSettings: Sendable {
    /// How embeddings are fused.
    public let fusion: FusionSettings
    /// What is predicted.
    public let heads: [HeadSettings]
    /// Which column of the manifest held what.
    public let columns: Columns
    /// How samples were split where the manifest did not say it.
    public let splits: SplitFractions
    /// SHA-256 of the manifest that the model was trained on.
    public let manifestSHA256: String
    /// The keys that act, as `model.json` keeps them.
    let resolved: [ResolvedKey]

    /// The sections of a configuration that a model keeps.
    private static let sections = ["fusion.", "head.", "heads.", "columns.", "splits."]
    /// The keys of `modalities` that say what a manifest's columns are.
    private static let ofColumns = ["kind", "column", "numbers", "categories"]

    /// - Parameter resolved: Every key of the configuration; those that a model keeps are chosen from them.
    init(
        fusion: FusionSettings, heads: [HeadSettings], columns: Columns, splits: SplitFractions, manifestSHA256: String,
        resolved: [ResolvedKey]
    ) {
        (self.fusion, self.heads, self.columns, self.splits) = (fusion, heads, columns, splits)
        self.manifestSHA256 = manifestSHA256
        self.resolved = resolved.filter { key in
            Self.sections.contains(where: key.path.hasPrefix)
                || key.path.hasPrefix("modalities.") && Self.ofColumns.contains { key.path.hasSuffix(".\($0)") }
        }.map(\.withoutPlace)
    }

    /// Reads those of a document, with the calls that read a configuration: keys that the document does not have are at their defaults.
    ///
    /// - Parameters:
    ///   - modalities: How many the model takes.
    ///   - order: The heads' names, in the model's order: objects of JSON have none.
    ///   - allowsIdleKeys: Whether keys that do not act are let pass.
    /// - Throws: `BraidError` with every fault.
    init(_ document: ConfigurationDocument, modalities: Int, order: [String], manifestSHA256: String, allowsIdleKeys: Bool = false)
        throws
    {
        var reader = ConfigurationReader(document, allowsIdleKeys: allowsIdleKeys)
        let columns = Columns(&reader)
        splits = SplitFractions(&reader)
        fusion = FusionSettings(&reader, modalities: modalities)
        let place = { (head: HeadSettings) in order.firstIndex(of: head.name) ?? order.count }
        heads = HeadSettings.read(&reader, fitted: fusion.kind.isFitted ? fusion.kind.fittedReason : nil).sorted {
            place($0) < place($1)
        }
        self.columns = columns.with(labels: heads.map(\.column))
        self.manifestSHA256 = manifestSHA256
        resolved = reader.resolved
        reader.finish()
        do { try reader.check() } catch let error as BraidError { throw BraidError(.badData, faults: error.faults) }
    }
}

extension ResolvedKey {
    /// Without the place of a file of labels on the machine where the model was made: the model knows what it read there.
    var withoutPlace: ResolvedKey {
        guard path.hasSuffix(".labels"), case .text(let given) = value else { return self }
        return ResolvedKey(path: path, value: .text(Paths.withoutPlace(given)))
    }
}
