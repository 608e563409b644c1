internal import CZlib
internal import Foundation

/// The bytes of a manifest, from its beginning on, uncompressed where the file is compressed by gzip.
final class ManifestFile {
    private enum Source {
        case plain(FileHandle)
        case compressed(gzFile)
    }

    private let source: Source
    private let url: URL

    /// - Throws: `BraidError` where the file cannot be opened.
    init(_ url: URL) throws {
        self.url = url
        if Self.isCompressed(url) {
            guard let file = gzopen(url.path, "rb") else { throw Self.unreadable(url, "no permission") }
            source = .compressed(file)
        } else {
            do { source = .plain(try FileHandle(forReadingFrom: url)) } catch { throw Self.unreadable(url, "no permission") }
        }
    }

    deinit {
        switch source {
        case .plain(let file): try? file.close()
        case .compressed(let file): gzclose(file)
        }
    }

    static func isCompressed(_ url: URL) -> Bool { url.pathExtension.lowercased() == "gz" }

    /// The ending that says what form the rows have: `csv` of `a.csv` and of `a.csv.gz`.
    static func ending(of url: URL) -> String { (isCompressed(url) ? url.deletingPathExtension() : url).pathExtension.lowercased() }

    /// The next bytes; none at the end.
    ///
    /// - Throws: `BraidError` where the file cannot be read on, is damaged, or was cut.
    func read(upToCount count: Int) throws -> Data {
        switch source {
        case .plain(let file): return try file.read(upToCount: count) ?? Data()
        case .compressed(let file):
            var data = Data(count: count)
            let taken = data.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32(count)) }
            var code: Int32 = 0
            let text = gzerror(file, &code).map { String(cString: $0) } ?? ""
            guard taken >= 0, code == Z_OK || code == Z_STREAM_END else {
                throw Self.unreadable(url, "its compression is damaged: \(text)")
            }
            return data.prefix(Int(taken))
        }
    }

    private static func unreadable(_ url: URL, _ reason: String) -> BraidError {
        BraidError(.noInput, faults: [Fault("the manifest cannot be read: \(reason)", file: url.path)])
    }
}
