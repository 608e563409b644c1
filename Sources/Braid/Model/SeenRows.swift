internal import Crypto
internal import Foundation

/// Which rows a training has seen, and in which split: so that a row the model has learnt from is known wherever it stands later.
///
/// A row is known by a hash of its id and what it holds; where ids have changed, by what it holds alone. Labels are not part of it, and
/// nothing of a row can be read from its hash. The file, `rows.tsv`, has a line a row: both hashes and the split.
public struct SeenRows: Sendable, Equatable {
    /// By id and content.
    private var exact: [UInt64: Split] = [:]
    /// By content alone. What several splits hold counts as learnt from.
    private var contents: [UInt64: Split] = [:]

    static let fileName = "rows.tsv"

    /// The rows of a training, each in its split.
    public init(_ samples: [Sample]) {
        for sample in samples {
            guard let split = sample.split, let content = Self.content(sample) else { continue }
            add(Self.number(sample.id, content), content, split)
        }
    }

    private mutating func add(_ row: UInt64, _ content: UInt64, _ split: Split) {
        exact[row] = split
        if contents[content] != .train { contents[content] = split == .test ? contents[content] ?? .test : split }
    }

    /// How many rows there are.
    public var count: Int { exact.count }

    /// The split in which the training had a row; nil where it had no such row, or a medium of it cannot be read.
    public func split(of sample: Sample) -> Split? {
        guard let content = Self.content(sample) else { return nil }
        return exact[Self.number(sample.id, content)] ?? contents[content]
    }

    private static func content(_ sample: Sample) -> UInt64? {
        var hash = SHA256()
        for modality in sample.media.keys.sorted() {
            guard let key = EmbeddingKey(sample, modality) else { return nil }
            hash.update(data: Data("\(modality.rawValue)=".utf8) + Data(key.bytes))
        }
        return hash.finalize().prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func number(_ id: String, _ content: UInt64) -> UInt64 { Fingerprint.number("\(content) \(id)") }
}

extension SeenRows {
    func write(to url: URL) throws {
        // Content hashes are not kept beside the rows' own; both maps are written in a fixed order.
        let rows = exact.sorted { $0.key < $1.key }.map { "row\t\(String($0.key, radix: 16))\t\($0.value.rawValue)\n" }
        let content = contents.sorted { $0.key < $1.key }.map { "content\t\(String($0.key, radix: 16))\t\($0.value.rawValue)\n" }
        try AtomicFile.write((rows + content).joined(), to: url)
    }

    /// nil where a model has no such file: it was written before models had one.
    ///
    /// - Throws: `BraidError` where the file is damaged.
    static func read(_ url: URL) throws -> SeenRows? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw BraidError(.badData, "\(url.path): cannot be read as UTF-8 text")
        }
        var rows = SeenRows([])
        for (index, line) in text.split(separator: "\n").enumerated() {
            let cells = line.split(separator: "\t")
            guard cells.count == 3, let number = UInt64(cells[1], radix: 16), let split = Split(rawValue: String(cells[2])) else {
                throw BraidError(.badData, "\(url.path):\(index + 1): expected row or content, a hash and a split")
            }
            if cells[0] == "row" { rows.exact[number] = split } else { rows.contents[number] = split }
        }
        return rows
    }
}
