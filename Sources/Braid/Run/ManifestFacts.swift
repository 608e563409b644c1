/// What a manifest adds to what a configuration says, once it is read.
struct ManifestFacts: Sendable {
    /// Whether it says which split a sample is in, so that `splits` does not act.
    var hasSplitColumn = false
    /// Of tables whose weights are to be fitted, what its train rows say of their columns.
    var tables: [Modality: TableSettings] = [:]

    func with(hasSplitColumn: Bool) -> ManifestFacts { ManifestFacts(hasSplitColumn: hasSplitColumn, tables: tables) }

    func with(tables: [Modality: TableSettings]) -> ManifestFacts { ManifestFacts(hasSplitColumn: hasSplitColumn, tables: tables) }
}
