public import Foundation

extension Configuration {
    /// Reads a configuration file, with `--set` overrides: `key=value` pairs, the value in YAML.
    ///
    /// - Throws: `BraidError` with every fault by file, line and key.
    public static func read(_ url: URL, overrides: [String] = []) throws -> Configuration {
        try read(url, overrides: overrides, facts: ManifestFacts())
    }

    static func read(_ url: URL, overrides: [String] = [], facts: ManifestFacts) throws -> Configuration {
        try Configuration(document(url, overrides), folder: url.deletingLastPathComponent(), facts: facts)
    }

    /// Reads the `config.yaml` that a run has left, without its manifest: it has `splits` where the manifest had no column of them.
    static func recorded(_ url: URL) throws -> Configuration {
        let document = try document(url, [])
        let facts = ManifestFacts(hasSplitColumn: !document.has("splits"))
        return try Configuration(document, folder: url.deletingLastPathComponent(), facts: facts)
    }

    private static func document(_ url: URL, _ overrides: [String]) throws -> ConfigurationDocument {
        let data = try InputFile.document(url, "the configuration")
        guard let yaml = String(validating: data, as: UTF8.self) else {
            throw BraidError(.badConfiguration, "\(url.path): is not UTF-8 text")
        }
        return ConfigurationDocument(yaml: yaml, file: url.lastPathComponent, overrides: overrides)
    }

    /// Reads a configuration from a text, for programs that have none in a file.
    ///
    /// - Parameters:
    ///   - yaml: The text.
    ///   - file: What errors call it.
    ///   - folder: Where relative paths start.
    ///   - overrides: `key=value` pairs, the value in YAML.
    /// - Throws: `BraidError` with every fault by line and key.
    public static func parse(
        _ yaml: String, file: String = "configuration", folder: URL, overrides: [String] = []
    ) throws -> Configuration {
        try Configuration(ConfigurationDocument(yaml: yaml, file: file, overrides: overrides), folder: folder)
    }

    /// The same document with other values, read again.
    ///
    /// - Parameter settings: Values in YAML by dotted key, for example `["training.seed": "3"]`.
    /// - Throws: `BraidError` where they do not fit.
    public func with(_ settings: [String: String]) throws -> Configuration {
        try Configuration(document.with(settings), folder: folder, facts: facts)
    }

    /// The same with other values, for which keys give way that do not act beside them: what the readings refuse, no list, says which.
    ///
    /// - Throws: `BraidError` where the values do not fit for another reason.
    private func adapted(
        to settings: [String: String], without isGone: (String) -> Bool = { _ in false }, settingsGiveWay: Bool = false
    ) throws -> Configuration {
        var document = document.with(settings, without: isGone)
        while true {
            var reader = ConfigurationReader(document, allowsIdleKeys: true)
            _ = Configuration(&reader, folder: folder, facts: facts)
            let idle = settingsGiveWay ? reader.idleKeys : reader.idleKeys.subtracting(settings.keys)
            // Without one key another may lose its use: training.balance.alpha without its method.
            guard !idle.isEmpty else { break }
            document = document.with([:], without: idle.contains)
        }
        return try Configuration(document, folder: folder, facts: facts)
    }

    /// Only with `kept` of the modalities, for a manifest that has no others.
    func keeping(_ kept: Set<Modality>) throws -> Configuration {
        let gone = modalities.keys.filter { !kept.contains($0) }.map { "modalities.\($0)." }
        return try adapted(to: [:]) { key in gone.contains(where: key.hasPrefix) }
    }

    /// With another fusion. Keys that the fusion does not know give way; those it shares stay.
    ///
    /// - Throws: `BraidError` where they do not fit the fusion.
    func with(_ kind: FusionKind) throws -> Configuration { try adapted(to: ["fusion.type": kind.name]) }

    /// With other values, and without the keys that `isGone` holds for.
    func replacing(_ settings: [String: String], without isGone: (String) -> Bool) throws -> Configuration {
        try adapted(to: settings, without: isGone)
    }

    /// A recipe that a search tries: with these values, those that do not act beside the others left out.
    ///
    /// - Throws: `BraidError` where they do not fit.
    func trying(_ settings: [String: String]) throws -> Configuration {
        let type = try settings["fusion.type"].map { try adapted(to: ["fusion.type": $0]) } ?? self
        return try type.adapted(to: settings, without: { $0.hasPrefix("search.") }, settingsGiveWay: true)
    }

    /// With every encoder frozen, as embeddings before any training have them.
    func frozen() throws -> Configuration {
        let trained = modalities.filter { $0.value.train != .none }.keys
        return try adapted(to: Dictionary(uniqueKeysWithValues: trained.map { ("modalities.\($0).train", "none") }))
    }

    /// The configuration as it acts on `manifest`: without splits where the file has its own, and without modalities that
    /// no sample has.
    ///
    /// - Throws: `BraidError` where nothing is left to learn from, or a sample has none of the modalities.
    func fitting(_ manifest: Manifest, reporter: any Reporter) throws -> Configuration {
        let fitted =
            manifest.hasSplitColumn
            ? try Configuration(document, folder: folder, facts: facts.with(hasSplitColumn: true)) : self
        let file = manifest.url.lastPathComponent
        let asked = modalities.keys.sorted()
        let there = Set(asked.filter { modality in manifest.samples.contains { $0.has(modality) } })
        let names = asked.map(\.rawValue).joined(separator: ", ")
        guard !there.isEmpty else {
            throw BraidError(.badConfiguration, "\(file): no sample has any of the configured modalities (\(names))")
        }
        let uncovered = manifest.samples.filter { sample in !there.contains(where: sample.has) }
        guard uncovered.isEmpty else {
            throw BraidError(
                .badData,
                faults: uncovered.map { Fault("has none of the configured modalities (\(names))", file: file, line: $0.line) })
        }
        for modality in asked where !there.contains(modality) {
            reporter.note("\(modality): no sample of \(file) has one; the model is trained without it")
        }
        return try (there.count < asked.count ? fitted.keeping(there) : fitted).fittingTables(to: manifest)
    }

    /// With what the train rows of `manifest` say of the columns of tables, where weights are to be fitted.
    ///
    /// - Throws: `BraidError` where a column has no value in any of them.
    func fittingTables(to manifest: Manifest) throws -> Configuration {
        var tables: [Modality: TableSettings] = [:]
        for (modality, settings) in modalities where settings.isFitted {
            guard let table = settings.table, let listed = columns.tables[modality] else { continue }
            let media = manifest.samples.filter { $0.split == .train }.compactMap { $0.media[modality] }
            tables[modality] = try table.fitted(on: media.map { try TableRow($0) }, listed, modality)
        }
        guard !tables.isEmpty else { return self }
        return try Configuration(document, folder: folder, facts: facts.with(tables: tables))
    }

    /// With what the train rows of its own manifest say of the columns of tables, for commands that read another manifest or none.
    ///
    /// - Throws: `BraidError` where the manifest has faults.
    func fittingTables(_ reporter: any Reporter) throws -> Configuration {
        guard modalities.values.contains(where: \.isFitted) else { return self }
        return try fittingTables(
            to: Manifest.read(
                manifestURL, columns: columns, splits: splits, stratum: heads.stratum, onBadSample: onBadSample, reporter: reporter)
        )
    }

    /// Says which sections are given that act in other commands, and not in this one.
    func noteIdle(_ sections: [String], in command: String, _ reporter: any Reporter) {
        for section in sections where document.has(section) { reporter.note("\(section): does not act in braid \(command)") }
    }

    /// What a model keeps of it.
    func modelSettings(manifestSHA256: String) -> ModelSettings {
        ModelSettings(
            fusion: fusion, heads: heads, columns: columns, splits: splits, manifestSHA256: manifestSHA256, resolved: resolved)
    }

    /// The user's cache of embeddings, where the configuration lets it be used.
    func embeddingCache() throws -> EmbeddingCache? { cachesEmbeddings ? try .standard() : nil }
}
