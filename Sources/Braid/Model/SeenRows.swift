internal import Foundation

/// Which rows a training has seen, and in which split: so that a row the model has learnt from is known wherever it stands later.
///
/// A row is known by its id and any of its media, so that a column left out or a text mended does not hide it; where ids have changed, by
/// everything it holds. Labels are not part of it, and nothing of a row can be read from its hashes. The file, `rows.tsv`, has a line a hash:
/// `row` (id and medium) or `content` (all media), the hash, and the split.
public struct SeenRows: Sendable, Equatable {
    /// By id and medium.
    private var exact: [UInt64: Split] = [:]
    /// By content alone. What several splits hold counts as learnt from.
    private var contents: [UInt64: Split] = [:]

    static let fileName = "rows.tsv"

    /// The rows of a training, each in its split.
    public init(_ samples: [Sample]) {
        for sample in samples {
            guard let split = sample.split, let media = Self.media(sample) else { continue }
            for medium in media { exact[Self.row(sample.id, medium)] = split }
            add(Self.content(media), split)
        }
    }

    private mutating func add(_ content: UInt64, _ split: Split) {
        if contents[content] != .train { contents[content] = split == .test ? contents[content] ?? .test : split }
    }

    /// The split in which the training had a row; nil where it had no such row, or a medium of it cannot be read.
    public func split(of sample: Sample) -> Split? {
        guard let media = Self.media(sample) else { return nil }
        return media.lazy.compactMap { exact[Self.row(sample.id, $0)] }.first ?? contents[Self.content(media)]
    }

    /// Whether the training had this very row in one of `splits`: its id and all its media are those of a row there.
    func holds(_ sample: Sample, in splits: Set<Split>) -> Bool {
        guard let media = Self.media(sample), !media.isEmpty else { return false }
        return media.allSatisfy { medium in exact[Self.row(sample.id, medium)].map(splits.contains) ?? false }
    }

    /// The rows of both. What any of them has learnt from counts as learnt from, and what it was chosen by as that.
    func union(_ other: SeenRows) -> SeenRows {
        var all = self
        all.exact.merge(other.exact) { Self.stronger($0, $1) }
        all.contents.merge(other.contents) { Self.stronger($0, $1) }
        return all
    }

    private static func stronger(_ one: Split, _ other: Split) -> Split {
        one == .train || other == .train ? .train : one == .val || other == .val ? .val : .test
    }

    /// What each medium of a sample is, in the order of modalities; nil where one cannot be read.
    private static func media(_ sample: Sample) -> [String]? {
        var media: [String] = []
        for modality in sample.media.keys.sorted() {
            guard let key = EmbeddingKey(sample, modality) else { return nil }
            media.append("\(modality.rawValue)=\(key.bytes)")
        }
        return media
    }

    private static func row(_ id: String, _ medium: String) -> UInt64 { Fingerprint.number("\(medium) \(id)") }

    private static func content(_ media: [String]) -> UInt64 { Fingerprint.number(media.joined(separator: " ")) }
}

extension SeenRows {
    func write(to url: URL) throws {
        let rows = exact.sorted { $0.key < $1.key }.map { "row\t\(String($0.key, radix: 16))\t\($0.value.rawValue)\n" }
        let content = contents.sorted { $0.key < $1.key }.map { "content\t\(String($0.key, radix: 16))\t\($0.value.rawValue)\n" }
        try AtomicFile.write((rows + content).joined(), to: url)
    }

    /// nil where a model has no such file: it was written before models had one.
    ///
    /// - Throws: `BraidError` where the file is damaged.
    static func read(_ url: URL) throws -> SeenRows? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        // A line or two a row of the training, however many those are.
        let data = try InputFile.document(url, "", code: .badData, most: .max)
        guard let text = String(validating: data, as: UTF8.self) else {
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
        guard !rows.exact.isEmpty else { throw BraidError(.badData, "\(url.path): has no row, and every training has some") }
        return rows
    }
}
