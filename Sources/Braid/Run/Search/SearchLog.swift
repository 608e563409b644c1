internal import Foundation
internal import Synchronization

/// The results of a search, a line each, written as they come, so that an interrupted search can go on.
final class SearchLog: Sendable {
    private let url: URL
    private let known: Mutex<[String: SearchResult]>

    /// Opens the log of a folder, which is made where it is not there.
    ///
    /// - Throws: `BraidError` where the folder holds a search that is not to be gone on with, or cannot be written.
    init(_ folder: URL, resume: Bool) throws {
        url = folder.appendingPathComponent("search.jsonl")
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw BraidError(.cannotCreate, "\(folder.path) cannot be created: \(error.localizedDescription)")
        }
        let data = FileManager.default.contents(atPath: url.path)
        guard data == nil || resume else {
            throw BraidError(
                .cannotCreate, "\(folder.path) holds a search already; go on with it by --resume, or name another folder by --out")
        }
        let decoder = JSONDecoder()
        // The last line of a search that was killed may be cut.
        let results = (data ?? Data()).split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(SearchResult.self, from: $0)
        }
        known = Mutex(Dictionary(results.map { ($0.key, $0) }) { $1 })
        try AtomicFile.write(try results.map(Self.line).joined(), to: url)
    }

    func result(_ key: String) -> SearchResult? { known.withLock { $0[key] } }

    func add(_ result: SearchResult) throws {
        let line = Data(try Self.line(result).utf8)
        try known.withLock { known in
            known[result.key] = result
            let file = try FileHandle(forWritingTo: url)
            defer { try? file.close() }
            try file.seekToEnd()
            try file.write(contentsOf: line)
        }
    }

    private static func line(_ result: SearchResult) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(result), as: UTF8.self) + "\n"
    }
}
