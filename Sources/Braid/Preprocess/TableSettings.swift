/// How the columns of a table are encoded, and what layers are trained on them; nothing here is learnt from data but `encoding`.
public struct TableSettings: Sendable, Equatable {
    /// What a number becomes.
    public enum Form: String, CaseIterable, Sendable {
        /// Less the mean and divided by the standard deviation of the train rows.
        case standard
        /// The same, and its place among quantiles of the train rows, a value a bin (piecewise-linear).
        case quantile
    }

    /// What numbers become.
    let form: Form
    /// Of quantiles, how many bins.
    let bins: Int
    /// The most values a category column may become, the one for all rarer categories among them.
    let maxCategories: Int
    /// The sizes of the trained layers.
    let hidden: [Int]
    /// The share of a trained layer's values that the next one does not see, in training.
    let dropout: Double
    /// What a fit on train rows found; nil before there was one.
    private(set) var encoding: TableEncoding?

    /// What `weights` is where statistics are fitted on the train rows of the manifest.
    static let fitted = "fit"

    /// Reads the keys of the table at `path`.
    ///
    /// - Parameters:
    ///   - encoder: The architecture asked for; nil for `columns`.
    ///   - isFitted: Whether the manifest's train rows say what the columns are like; not where a folder of weights does.
    init(_ reader: inout ConfigurationReader, _ path: String, encoder: String?, isFitted: Bool) {
        let isGiven = reader.has(path)
        let first = reader.keys.count
        form = reader.choice(
            "\(path).encoding", .quantile,
            "What a number becomes: standardised by the train rows' mean and deviation; with quantile its place among their quantiles too, a value a bin (piecewise-linear).",
            records: isGiven)
        bins = reader.int("\(path).bins", 16, 2...256, "Of encoding: quantile, how many bins.", records: isGiven)
        maxCategories = reader.int(
            "\(path).max_categories", 64, 2...10_000,
            "The most values that a category column becomes; the rarest categories of the train rows are one together.",
            records: isGiven)
        reader.idle(
            reader.keys[first...].map(\.path), unless: isFitted,
            "acts only with weights: \(Self.fitted); weights of a folder know their columns")
        reader.idle(["\(path).bins"], unless: form == .quantile, "acts only with encoding: quantile")
        let layers = reader.keys.count
        hidden = reader.ints("\(path).hidden", [128, 64], "The sizes of the layers of columns-mlp.")
        dropout = reader.double(
            "\(path).dropout", 0.1, 0...0.95,
            "Share of a layer's values that the next one of columns-mlp does not see, in training.",
            records: isGiven)
        reader.idle(
            reader.keys[layers...].map(\.path), unless: isFitted && encoder == ColumnsKind.layered,
            "acts only with encoder: \(ColumnsKind.layered), weights: \(Self.fitted)")
        if hidden.isEmpty { reader.fault("expected the size of one layer at least", "\(path).hidden") }
        encoding = nil
    }

    /// The same with what the rows say of the columns.
    ///
    /// - Throws: `BraidError` where a column has no value in any of them.
    func fitted(on rows: [TableRow], _ columns: TableColumns, _ modality: Modality) throws -> TableSettings {
        var settings = self
        settings.encoding = try TableEncoding(rows, columns, self, modality)
        return settings
    }

    /// The same with what was fitted for `other`; itself where those are not the same settings.
    func taking(_ other: TableSettings?) -> TableSettings {
        var bare = other
        bare?.encoding = nil
        return bare == self ? other ?? self : self
    }

    /// The fields of a `config.json` for what was fitted; nil where nothing was.
    var description: [String: Any]? {
        guard let encoding else { return nil }
        return encoding.fields.merging(["hidden": hidden, "dropout": dropout]) { $1 }
    }
}

/// What the architectures for tables are called.
enum ColumnsKind {
    /// The encoded row itself.
    static let plain = "columns"
    /// Layers that are trained on it.
    static let layered = "columns-mlp"
}
