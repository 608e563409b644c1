/// Which column of a manifest holds what.
public struct Columns: Sendable, Equatable {
    /// The vocabulary of a manifest whose modalities are called after their kinds, in the order errors and documentation give it.
    public static var known: [String] { vocabulary(Modality.allCases) }

    private static func vocabulary(_ modalities: [Modality]) -> [String] {
        ["id", "split", "group"] + modalities.flatMap(\.columns) + ["label", "weight"]
    }

    /// This manifest's vocabulary.
    public var known: [String] { Self.vocabulary(modalities) }

    /// What a sample may have: the plain modality of every kind, and those that a configuration names.
    public let modalities: [Modality]

    /// Of each table its columns, by the file's own names.
    public let tables: [Modality: TableColumns]
    /// Columns of tables that a file which a model meets after its training does not have.
    let absent: [String]

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
        names: [String: String] = [:], ignored: [String] = [], labels: [String] = ["label"], oneHot: [String] = [],
        modalities: [Modality] = Modality.allCases, tables: [Modality: TableColumns] = [:]
    ) {
        self.init(names, ignored, labels, oneHot, modalities, tables, absent: [])
    }

    private init(
        _ names: [String: String], _ ignored: [String], _ labels: [String], _ oneHot: [String], _ modalities: [Modality],
        _ tables: [Modality: TableColumns], absent: [String]
    ) {
        // A table that lists no columns is none.
        self.modalities = modalities.filter { !$0.columns.isEmpty || tables[$0] != nil }.sorted()
        (self.tables, self.absent) = (tables, absent)
        self.names = names
        self.ignored = ignored
        self.labels = labels
        self.oneHot = oneHot
    }

    /// Reads the keys of `columns`, and of each modality under `modalities` what it is and which column holds it.
    init(_ reader: inout ConfigurationReader) {
        reader.readModalityKinds()
        let modalities = reader.modalities
        var names: [String: String] = [:]
        for known in Self.vocabulary(modalities.filter { $0.rawValue != "*" }) {
            names[known] = reader.optionalString("columns.\(known)", "The manifest's name for the column \(known).")
        }
        if reader.describesAll {
            _ = reader.optionalString(
                "columns.*",
                "The manifest's name for a further column of a modality that is not called after its kind: NAME_path, NAME_start, NAME_end."
            )
        }
        var tables: [Modality: TableColumns] = [:]
        for modality in modalities where modality.plain == .tabular {
            tables[modality] = TableColumns(&reader, "modalities.\(modality)")
        }
        for modality in modalities where modality.kind.mayBeNamed && !modality.columns.isEmpty {
            names.merge(Self.column(of: modality, &reader)) { $1 }
        }
        self.init(
            names: names, ignored: reader.strings("columns.ignore", "Columns of the manifest that mean nothing here."),
            oneHot: reader.strings(
                "columns.one_hot", "Columns of 0 and 1, one a class of a multilabel head, in place of a column label."),
            modalities: Self.read(modalities, names, configured: Set(reader.names(under: "modalities"))),
            tables: tables)
    }

    /// The modalities that rows are read for: a plain one that nobody asks for leaves a column alone that a named one has.
    private static func read(_ modalities: [Modality], _ names: [String: String], configured: Set<String>) -> [Modality] {
        let columns = { (modality: Modality) in Set(modality.columns.map { names[$0] ?? $0 }) }
        let taken = modalities.filter { !$0.isPlain }.reduce(into: Set<String>()) { $0.formUnion(columns($1)) }
        return modalities.filter { !$0.isPlain || configured.contains($0.rawValue) || taken.isDisjoint(with: columns($0)) }
    }

    /// The column that a modality's section names, by the column's known name.
    private static func column(of modality: Modality, _ reader: inout ConfigurationReader) -> [String: String] {
        let (path, known) = ("modalities.\(modality).column", modality.rawValue)
        guard
            let column = reader.optionalString(
                path, "The manifest's column that holds it. Default: what columns says, else the modality's name.")
        else { return [:] }
        if reader.has("columns.\(known)") { reader.fault("says what columns.\(known) says; leave one of them out", path) }
        return [known: column]
    }

    /// The same columns, for heads that learn from `labels`.
    func with(labels: [String]) -> Columns {
        Columns(names, ignored, labels, oneHot, modalities, tables, absent: absent)
    }

    /// What reads a file for both, whose modalities need not be the same; nil where they do not agree on what a column holds.
    func joined(with other: Columns) -> Columns? {
        let shared = Set(known).intersection(other.known)
        guard labels == other.labels, oneHot == other.oneHot, shared.allSatisfy({ name($0) == other.name($0) }) else { return nil }
        guard Set(tables.keys).intersection(other.tables.keys).allSatisfy({ tables[$0] == other.tables[$0] }) else { return nil }
        let names = names.merging(other.names) { $1 }
        let all = Array(Set(modalities).union(other.modalities))
        let allTables = tables.merging(other.tables) { $1 }
        let meant = Set((Self.vocabulary(all) + labels).map { names[$0] ?? $0 } + allTables.values.flatMap(\.all))
        return Columns(
            names: names, ignored: Set(ignored + other.ignored).subtracting(meant).sorted(), labels: labels, oneHot: oneHot,
            modalities: all, tables: allTables)
    }

    /// The columns of all tables.
    var inTables: [String] { tables.sorted { $0.key < $1.key }.flatMap(\.value.all) }

    /// What a reader should know of tables whose columns a file does not have; nil where it has them all.
    var absence: String? {
        guard !absent.isEmpty else { return nil }
        let names = listed(absent)
        return "the model was trained with columns that are not there, and count as empty in every row: \(names)"
    }

    /// Reports columns of tables that hold what is to be learnt, or tell rows apart by name.
    func checkTables(_ reader: inout ConfigurationReader) {
        let others = [("id", "the id"), ("split", "the split"), ("group", "the group")].map { (name($0), $1) }
        let answers = (labels.map(name) + oneHot).map { ($0, "what is to be learnt") }
        let roles = Dictionary(others + answers) { first, _ in first }
        let leftOut = Set(ignored)
        for (modality, table) in tables.sorted(by: { $0.key < $1.key }) {
            for (place, column) in table.all.enumerated() {
                let key = "modalities.\(modality).\(place < table.numbers.count ? "numbers" : "categories")"
                if let role = roles[column] {
                    reader.fault("column \(column) is \(role), and says nothing of a new row; leave it out", key)
                } else if leftOut.contains(column) {
                    reader.fault("column \(column) is left out by columns.ignore; leave it out of one of them", key)
                }
            }
        }
    }

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
        let columns = Columns(&reader)
        // Which further modalities a model has is not known yet: `faults` names those that it has not.
        var names = columns.names
        for name in reader.names(under: "columns")
        where !["ignore", "one_hot"].contains(name) && nearest(to: name, in: Self.known) == nil {
            names[name] = reader.optionalString("columns.\(name)", "A named modality's column.")
        }
        self.init(names: names, ignored: columns.ignored, oneHot: columns.oneHot)
        reader.finish()
        try reader.check()
    }

    /// The mapping as far as a file with these columns follows it: one that uses the plain names, or lacks a column, is read as
    /// it is, and columns that it has besides mean nothing. For files that a model meets after its training. What is said of the file
    /// itself, in `given`, comes first, and has to be true.
    func adapted(to header: [String], given: Columns = Columns()) -> Columns {
        let there = Set(header)
        let names = names.filter { there.contains($0.value) }.merging(given.names) { $1 }
        let oneHot = !given.oneHot.isEmpty ? given.oneHot : oneHot.allSatisfy(there.contains) ? oneHot : []
        let meant = Set((known + labels).map { names[$0] ?? $0 } + oneHot + inTables)
        let ignored = Set(ignored + given.ignored)
        return Columns(
            names, ignored.sorted() + header.filter { !meant.contains($0) && !ignored.contains($0) }, labels, oneHot, modalities,
            tables, absent: inTables.filter { !there.contains($0) })
    }

    /// Faults of a header: columns that mean nothing, and mapped ones that are not there.
    func faults(in header: [String], file: String) -> [Fault] {
        let (there, vocabulary) = (Set(header), known)
        let meant = Set((vocabulary + labels).map(name) + oneHot + inTables + ignored)
        let expected = Set(absent)
        var faults: [Fault] = []
        for column in header where !meant.contains(column) && column != name("label") {
            guard !column.isEmpty else {
                let message = "a column has no name, as pandas writes its index; give it one, or list \"\" in columns.ignore"
                faults.append(Fault(message, file: file, line: 1))
                continue
            }
            // Looking for what was meant takes longer than all the rest, and of so many nobody reads it.
            let isShown = faults.count < ConfigurationReader.suggestions
            let near = isShown ? nearest(to: column, in: vocabulary).map { "; did you mean \($0)?" } ?? "." : "."
            let message = "unknown column\(near) Map it with columns.<name>: \(column), or list it in columns.ignore"
            faults.append(Fault(message, file: file, line: 1, field: column))
        }
        for column in oneHot where !there.contains(column) {
            faults.append(Fault("columns.one_hot names it, and it is not there", file: file, line: 1, field: column))
        }
        for (modality, table) in tables.sorted(by: { $0.key < $1.key }) {
            for column in table.all where !there.contains(column) && !expected.contains(column) {
                faults.append(
                    Fault("modalities.\(modality) lists this column, and it is not there", file: file, line: 1, field: column))
            }
        }
        for (known, name) in names.sorted(by: { $0.key < $1.key }) {
            if !vocabulary.contains(known) {
                let message = "columns.\(known) names this column, and there is no modality \(known)"
                faults.append(Fault(message, file: file, line: 1, field: name))
            } else if !there.contains(name) {
                faults.append(
                    Fault("columns.\(known) names this column, and it is not there", file: file, line: 1, field: name))
            }
        }
        if there.contains(name("label")) && !labels.contains("label") {
            let message = "no head learns from it (they learn from \(labels.joined(separator: ", "))); list it in columns.ignore"
            faults.append(Fault(message, file: file, line: 1, field: name("label")))
        }
        return faults
    }
}
