public import Foundation

/// What a modality is: the columns that hold it, how a medium is checked, how many go through an encoder at once, how it is shown.
///
/// One more is a value, and a call of `register`; its encoders are added to `EncoderRegistry`.
public struct ModalityKind: Registrable {
    /// What errors call one of them.
    public static let noun = "a modality"

    /// How a page shows a medium.
    public enum Presentation: Sendable {
        /// As a picture.
        case picture
        /// As words.
        case words
        /// As a player.
        case sound
        /// As names of columns and what stands in them.
        case cells
        /// Not at all.
        case none
    }

    /// How many samples of a modality go through an encoder at once.
    public struct Batching: Sendable {
        /// How many samples a worker takes at a time: enough that some are of like length.
        public let window: Int
        /// Pixels, tokens or frames that go through an encoder at once on a CPU: so many that products are large enough to run at full
        /// speed, and so few that what passes between layers stays in the processor's caches (docs/results/encoding.md).
        public let positions: Int
        /// Whether prepared samples have a length, their first dimension, so that those of like length go together; else all values count.
        public let hasLength: Bool

        /// Makes one from its parts.
        public init(window: Int, positions: Int, hasLength: Bool) {
            (self.window, self.positions, self.hasLength) = (window, positions, hasLength)
        }
    }

    /// What manifests and configurations call it.
    public let name: String
    /// Columns of a manifest, any of which gives a medium.
    public let sources: [String]
    /// Further columns, which say more of it.
    public let details: [String]
    /// How a page shows it.
    public let presentation: Presentation
    /// How many go through an encoder at once.
    public let batching: Batching
    /// Whether the same medium may well stand in several splits, as short texts do; where not, that is leakage.
    public let mayRepeat: Bool
    /// Makes the medium of a row; nil where the row has none.
    let read: @Sendable (inout CellReader) -> Medium?
    /// Decodes a medium as far as to know that it can be used.
    let check: @Sendable (Medium) throws -> Void

    /// - Parameters:
    ///   - name: Unique among all modalities.
    ///   - sources: Columns of a manifest, any of which gives a medium.
    ///   - details: Further columns, which say more of it.
    ///   - presentation: How a page shows it.
    ///   - batching: How many go through an encoder at once.
    ///   - mayRepeat: Whether the same medium may well stand in several splits; where not, that is leakage.
    ///   - read: Makes the medium of a row; nil where the row has none. Faults are reported to the reader.
    ///   - check: Throws `DecodeError` where a medium cannot be used.
    public init(
        name: String, sources: [String], details: [String] = [], presentation: Presentation = .none, batching: Batching,
        mayRepeat: Bool = false, read: @escaping @Sendable (inout CellReader) -> Medium?,
        check: @escaping @Sendable (Medium) throws -> Void
    ) {
        (self.name, self.sources, self.details, self.presentation) = (name, sources, details, presentation)
        (self.batching, self.mayRepeat, self.read, self.check) = (batching, mayRepeat, read, check)
    }

    /// What a manifest's other columns are called.
    static let reserved = ["id", "split", "group", "label", "weight"]

    /// Every kind there is, in their order.
    static let registry = Registry<ModalityKind>([.image, .text, .audio, .tabular])

    /// Adds a modality: from here on manifests have its columns, and configurations its section.
    ///
    /// - Returns: Its name, for `EncoderBuilder`.
    /// - Throws: `BraidError` where there is one of that name, or of one of its columns.
    @discardableResult
    public static func register(_ kind: ModalityKind) throws -> Modality {
        let taken = Set(registry.all.flatMap(\.columns) + reserved)
        if let column = kind.columns.first(where: taken.contains) {
            throw BraidError(.badConfiguration, "modality \(kind.name): column \(column) has a meaning already")
        }
        try registry.register(kind)
        return Modality.adding(kind.name)
    }

    /// All its columns.
    var columns: [String] { sources + details }
    /// Whether there may be several of it in one manifest: where the names of its columns begin with its own, those of another begin with
    /// that one's name.
    var mayBeNamed: Bool { columns.allSatisfy { $0 == name || $0.hasPrefix(name + "_") } }
}

extension Modality {
    /// What the modality is.
    var kind: ModalityKind {
        // Names come from the registry, so that each has its kind.
        ModalityKind.registry[kindName] ?? .text
    }

    /// What a manifest calls the column that is `column` of the plain modality: `title_path` of `text_path`.
    func column(_ column: String) -> String {
        isPlain || !kind.columns.contains(column) ? column : rawValue + column.dropFirst(kindName.count)
    }

    /// Columns of a manifest, any of which gives a medium.
    var sources: [String] { kind.sources.map(column) }
    /// All its columns in a manifest.
    var columns: [String] { kind.columns.map(column) }

    /// What a command line gives: a file where the modality is shown as a picture or a sound, else the text itself.
    public func medium(_ argument: String) -> Medium {
        switch kind.presentation {
        case .picture, .sound: .file(URL(fileURLWithPath: argument).standardizedFileURL)
        case .words, .cells, .none: .inline(argument)
        }
    }
}

/// One row's cells, as a modality reads them: it asks for the columns of its kind, and gets those that are called after its own name.
public struct CellReader {
    let cells: (String) -> String?
    let folder: URL
    /// What was wrong: the column, and what was expected.
    private(set) var faults: [(column: String, message: String)] = []
    /// The same of columns that are called by the file's own names.
    private(set) var ownFaults: [(column: String, message: String)] = []

    private let modality: Modality
    private let content: (String) -> Data?
    private let listed: (columns: TableColumns, cells: RowCells)?

    /// - Parameters:
    ///   - modality: Who reads.
    ///   - folder: What paths are relative to.
    ///   - listed: Of a table its columns, and all cells of the row by the file's own names.
    ///   - cells: The cell of a column by its known name; nil where it is empty.
    ///   - content: What lies in the manifest itself.
    init(
        _ modality: Modality, folder: URL, listed: (columns: TableColumns, cells: RowCells)? = nil,
        cells: @escaping (String) -> String?, content: @escaping (String) -> Data? = { _ in nil }
    ) {
        (self.modality, self.folder, self.listed, self.cells, self.content) = (modality, folder, listed, cells, content)
    }

    /// The cells of the columns that the configuration lists; nil where all are empty.
    mutating func table() -> Medium? {
        guard let listed else { return nil }
        for column in listed.columns.numbers {
            if let reason = listed.cells[column].flatMap(TableRow.fault(ofNumber:)) { ownFaults.append((column, reason)) }
        }
        return TableRow(listed.cells.named(listed.columns.all)).text.map(Medium.inline)
    }

    /// The medium of a column: its content where that lies in the manifest itself, else the file that the cell names. nil where there is
    /// neither.
    public func medium(_ column: String) -> Medium? {
        content(modality.column(column)).map(Medium.bytes) ?? cell(column).map { .file(file($0)) }
    }

    /// The cell of a column; nil where it is empty, or the manifest has no such column.
    public func cell(_ column: String) -> String? { cells(modality.column(column)) }

    /// The file that a cell names, from the manifest's folder; of an address on the web, where its content lies once it is fetched.
    public func file(_ path: String) -> URL {
        if WebMedia.isAddress(path) { return WebMedia.file(of: path) }
        if path.hasPrefix("file://"), let url = URL(string: path), url.isFileURL { return url }
        // Whether it is a folder is asked later, once, and with one call of the system.
        return path.hasPrefix("/")
            ? URL(fileURLWithPath: path, isDirectory: false) : folder.appendingPathComponent(path, isDirectory: false)
    }

    /// What a cell is that names no file of this system; nil where it may name one.
    ///
    /// Byte by byte: a manifest may name a million files that are not there.
    static func foreign(_ path: String) -> String? {
        let head = Array(path.utf8.prefix(3))
        let isDrive =
            head.count == 3 && isLetter(head[0] | 0x20) && head[1] == UInt8(ascii: ":")
            && (head[2] == UInt8(ascii: "\\") || head[2] == UInt8(ascii: "/"))
        if isDrive || path.hasPrefix("\\\\") { return "is a path of Windows; expected one of this system" }
        guard path.utf8.contains(UInt8(ascii: ":")), let end = path.range(of: "://"), !WebMedia.isAddress(path) else { return nil }
        let scheme = path[..<end.lowerBound]
        guard scheme != "file", scheme.utf8.first.map(isLetter) == true,
            scheme.utf8.allSatisfy({ isLetter($0) || (0x30...0x39).contains($0) || "+.-".utf8.contains($0) })
        else { return nil }
        let isStore = ["s3", "gs", "az", "abfs", "hdfs"].contains(String(scheme))
        let kind = isStore ? "lies in an object store (\(scheme)://), which is not read" : "is an address (\(scheme)://)"
        return "\(kind); download the file, and name it by its path"
    }

    /// Whether a byte is a lower-case letter of ASCII.
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    /// Reports what is wrong with a cell.
    public mutating func fault(_ column: String, _ message: String) { faults.append((modality.column(column), message)) }

    /// A cell that holds a time in seconds, 0 or more; nil where it is empty, or wrong, which is reported.
    public mutating func seconds(_ column: String) -> Double? {
        guard let cell = cell(column) else { return nil }
        guard let value = Double(cell), value.isFinite, value >= 0 else {
            fault(column, "\"\(cell)\" is not a time in seconds, 0 or more")
            return nil
        }
        return value
    }
}
