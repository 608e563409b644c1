internal import CZlib
internal import CZstd
internal import Foundation

/// The bytes of a manifest, from its beginning on, uncompressed where the file is compressed by gzip or Zstandard.
final class ManifestFile {
    private enum Source {
        case plain(FileHandle)
        case gzip(gzFile)
        case zstandard(ZstandardFile)
    }

    private let source: Source
    private let url: URL
    /// Whether there are no bytes: the system's own files say so too, and reading one may wait for ever.
    private let isEmpty: Bool

    /// - Throws: `BraidError` where the file cannot be opened.
    init(_ url: URL) throws {
        self.url = url
        isEmpty = InputFile.size(of: url.path) == 0
        func open() throws -> FileHandle {
            do { return try FileHandle(forReadingFrom: url) } catch { throw Self.unreadable(url, "no permission") }
        }
        switch url.pathExtension.lowercased() {
        case "gz":
            guard let file = gzopen(url.path, "rb") else { throw Self.unreadable(url, "no permission") }
            source = .gzip(file)
        case "zst": source = .zstandard(try ZstandardFile(open()))
        default: source = .plain(try open())
        }
    }

    deinit {
        switch source {
        case .plain(let file): try? file.close()
        case .gzip(let file): gzclose(file)
        case .zstandard: break
        }
    }

    /// The ending that says what form the rows have: `csv` of `a.csv` and of `a.csv.gz`.
    static func ending(of url: URL) -> String {
        let isCompressed = ["gz", "zst"].contains(url.pathExtension.lowercased())
        return (isCompressed ? url.deletingPathExtension() : url).pathExtension.lowercased()
    }

    /// The next bytes; none at the end.
    ///
    /// - Throws: `BraidError` where the file cannot be read on, is damaged, or was cut.
    func read(upToCount count: Int) throws -> Data {
        guard !isEmpty else { return Data() }
        switch source {
        case .plain(let file): return try file.read(upToCount: count) ?? Data()
        case .gzip(let file):
            var data = Data(count: count)
            let taken = data.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32(count)) }
            var code: Int32 = 0
            let text = gzerror(file, &code).map { String(cString: $0) } ?? ""
            guard taken >= 0, code == Z_OK || code == Z_STREAM_END else {
                // zlib begins with the file's path.
                let reason = text.hasPrefix("\(url.path): ") ? String(text.dropFirst(url.path.count + 2)) : text
                throw Self.unreadable(url, "its compression is damaged: \(reason)")
            }
            return data.prefix(Int(taken))
        case .zstandard(let file):
            do { return try file.read(upToCount: count) } catch let damage as ZstandardFile.Damage {
                throw Self.unreadable(url, "its compression is damaged: \(damage.reason)")
            }
        }
    }

    private static func unreadable(_ url: URL, _ reason: String) -> BraidError {
        BraidError(.noInput, faults: [Fault("the manifest cannot be read: \(reason)", file: url.path)])
    }
}

/// A file that is compressed by Zstandard, read piece by piece.
private final class ZstandardFile {
    struct Damage: Error { let reason: String }

    private let file: FileHandle
    private let stream: OpaquePointer?
    private var packed = Data()
    /// Whether the last frame ended where the bytes did.
    private var isWhole = true

    init(_ file: FileHandle) { (self.file, stream) = (file, ZSTD_createDStream()) }

    deinit {
        ZSTD_freeDStream(stream)
        try? file.close()
    }

    /// The next bytes; none at the end.
    ///
    /// - Throws: `Damage` where the file is no such, or was cut.
    func read(upToCount count: Int) throws -> Data {
        var data = Data(count: count)
        var taken = 0
        while taken == 0 {
            if packed.isEmpty {
                packed = try file.read(upToCount: 1 << 16) ?? Data()
                guard !packed.isEmpty else {
                    guard isWhole else { throw Damage(reason: "it ends early") }
                    return Data()
                }
            }
            let (used, left) = try packed.withUnsafeBytes { source in
                try data.withUnsafeMutableBytes { target in
                    var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                    var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                    let hint = ZSTD_decompressStream(stream, &output, &input)
                    guard ZSTD_isError(hint) == 0 else { throw Damage(reason: String(cString: ZSTD_getErrorName(hint))) }
                    taken = output.pos
                    return (input.pos, hint)
                }
            }
            isWhole = left == 0
            packed = packed.dropFirst(used)
        }
        return data.prefix(taken)
    }
}
