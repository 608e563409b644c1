/// Which column of a manifest holds what.
public struct Columns: Sendable, Equatable {
    /// The manifest's own vocabulary, in the order errors and documentation give it.
    public static var known: [String] {
        ["id", "split", "group"] + ModalityKind.registry.all.flatMap(\.columns) + ["label", "weight"]
    }

    /// A known name to the name that the file uses, where they differ.
    public let names: [String: String]
    /// Columns of the file that are nobody's business here.
    public let ignored: [String]
    /// The columns that heads learn from: `label`, or further ones by the file's own names.
    public let labels: [String]
    /// Columns of 0 and 1, one a class, that stand for the column `label`; none where that is a column itself.
    public let oneHot: [String]

    /// Makes one from its parts; without arguments, a file that uses the plain names and has one head's labels.
    public init(
        names: [String: String] = [:], ignored: [String] = [], labels: [String] = ["label"], oneHot: [String] = []
    ) {
        self.names = names
        self.ignored = ignored
        self.labels = labels
        self.oneHot = oneHot
    }

    /// Reads the keys of `columns`.
    init(_ reader: inout ConfigurationReader) {
        var names: [String: String] = [:]
        for known in Self.known {
            names[known] = reader.optionalString("columns.\(known)", "The manifest's name for the column \(known).")
        }
        self.init(
            names: names, ignored: reader.strings("columns.ignore", "Columns of the manifest that mean nothing here."),
            oneHot: reader.strings(
                "columns.one_hot", "Columns of 0 and 1, one a class of a multilabel head, in place of a column label."))
    }

    /// The same columns, for heads that learn from `labels`.
    func with(labels: [String]) -> Columns { Columns(names: names, ignored: ignored, labels: labels, oneHot: oneHot) }

    /// The file's name of a known column.
    func name(_ known: String) -> String { names[known] ?? known }

    /// What settings say of a manifest's columns, and nothing else: `columns.NAME=VALUE`, the value in YAML, as `--set` takes them.
    ///
    /// - Throws: `BraidError` where a setting is none of columns, or has another form.
    public init(settings: [String]) throws {
        for setting in settings where !setting.hasPrefix("columns.") {
            throw BraidError(
                .usage, "--set \(setting): only columns.… act where a model is applied; all else was fixed by its training")
        }
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "", file: "--set", overrides: settings))
        self.init(&reader)
        reader.finish()
        try reader.check()
    }

    /// The mapping as far as a file with these columns follows it: one that uses the plain names, or lacks a column, is read as
    /// it is, and columns that it has besides mean nothing. For files that a model meets after its training. What is said of the file
    /// itself, in `given`, comes first, and has to be true.
    func adapted(to header: [String], given: Columns = Columns()) -> Columns {
        let names = names.filter { header.contains($0.value) }.merging(given.names) { $1 }
        let oneHot = !given.oneHot.isEmpty ? given.oneHot : oneHot.allSatisfy(header.contains) ? oneHot : []
        let meant = Set((Self.known + labels).map { names[$0] ?? $0 } + oneHot)
        let ignored = Set(ignored + given.ignored)
        return Columns(
            names: names, ignored: ignored.sorted() + header.filter { !meant.contains($0) && !ignored.contains($0) },
            labels: labels,
            oneHot: oneHot)
    }

    /// Faults of a header: columns that mean nothing, and mapped ones that are not there.
    func faults(in header: [String], file: String) -> [Fault] {
        let meant = Set((Self.known + labels).map(name) + oneHot)
        var faults: [Fault] = []
        for column in header where !meant.contains(column) && !ignored.contains(column) && column != name("label") {
            guard !column.isEmpty else {
                let message = "a column has no name, as pandas writes its index; give it one, or list \"\" in columns.ignore"
                faults.append(Fault(message, file: file, line: 1))
                continue
            }
            let near = nearest(to: column, in: Self.known).map { "; did you mean \($0)?" } ?? "."
            let message = "unknown column\(near) Map it with columns.<name>: \(column), or list it in columns.ignore"
            faults.append(Fault(message, file: file, line: 1, field: column))
        }
        for column in oneHot where !header.contains(column) {
            faults.append(Fault("columns.one_hot names it, and it is not there", file: file, line: 1, field: column))
        }
        for (known, name) in names.sorted(by: { $0.key < $1.key }) where !header.contains(name) {
            faults.append(
                Fault("columns.\(known) names this column, and it is not there", file: file, line: 1, field: name))
        }
        if header.contains(name("label")) && !labels.contains("label") {
            let message = "no head learns from it (they learn from \(labels.joined(separator: ", "))); list it in columns.ignore"
            faults.append(Fault(message, file: file, line: 1, field: name("label")))
        }
        return faults
    }
}
