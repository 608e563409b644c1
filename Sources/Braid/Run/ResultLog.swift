internal import Foundation
internal import Synchronization

/// A result that many trainings come to one by one.
protocol LoggedResult: Sendable, Codable {
    /// Tells what was run, and on what data, from everything else.
    var key: String { get }
}

/// Results of many trainings, a line each, written as they come, so that what is interrupted can go on.
final class ResultLog<Result: LoggedResult>: Sendable {
    private let url: URL
    private let lock: FolderLock
    private let known: Mutex<[String: Result]>

    /// Opens the log of a folder, which is made where it is not there.
    ///
    /// - Parameters:
    ///   - folder: Where it lies.
    ///   - name: What it is of: `search` lies in `search.jsonl`.
    ///   - resume: Whether what the folder holds is to be gone on with.
    /// - Throws: `BraidError` where the folder holds one that is not to be gone on with, or another process writes into it; `FileWriteError` where it
    ///   cannot be written.
    init(_ folder: URL, _ name: String, resume: Bool) throws {
        url = folder.appendingPathComponent("\(name).jsonl")
        lock = try FolderLock(folder)
        let data = FileManager.default.fileExists(atPath: url.path) ? try InputFile.document(url, "") : nil
        guard data == nil || resume else {
            throw BraidError(
                .cannotCreate, "\(folder.path) holds a \(name) already; go on with it by --resume, or name another folder by --out")
        }
        let decoder = JSONDecoder()
        // The last line of what was killed may be cut.
        let results = (data ?? Data()).split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(Result.self, from: $0)
        }
        known = Mutex(Dictionary(results.map { ($0.key, $0) }) { $1 })
        try AtomicFile.write(try results.map(Self.line).joined(), to: url)
    }

    /// Lets other processes write into the folder.
    func close() { lock.release() }

    func result(_ key: String) -> Result? { known.withLock { $0[key] } }

    func add(_ result: Result) throws {
        let line = Data(try Self.line(result).utf8)
        try known.withLock { known in
            known[result.key] = result
            try FileFault.naming(url) {
                let file = try FileHandle(forWritingTo: url)
                defer { try? file.close() }
                try file.seekToEnd()
                try file.write(contentsOf: line)
            }
        }
    }

    private static func line(_ result: Result) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(result), as: UTF8.self) + "\n"
    }
}
