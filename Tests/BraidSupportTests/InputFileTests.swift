import BraidSupport
import Foundation
import TestSupport
import Testing

/// Only regular files are read, and no more of them than may be.
@Suite struct InputFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }

    private func reason(_ path: String, most: Int = 100) -> String {
        do { return "\(try InputFile.data(path, most: most).count) bytes" } catch {
            switch error {
            case .unreadable(let reason): return reason
            case .tooLarge(let count): return "\(count) are too many"
            }
        }
    }

    @Test func whatIsNoRegularFileIsRefusedAtOnce() throws {
        #expect(mkfifo(path("pipe"), 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: "/dev/zero")
        try FileManager.default.createSymbolicLink(atPath: path("circle"), withDestinationPath: path("circle"))
        #expect(reason(path("pipe")) == "is not a regular file")
        #expect(reason(path("link")) == "is not a regular file")
        #expect(reason("/dev/tty") == "is not a regular file")
        #expect(reason(path("")) == "is a folder; expected a file")
        #expect(reason(path("gone")) == "no such file")
        #expect(reason(path("circle")) == "is a link in a circle")
        #expect(MediaFile.fault(of: folder.url) == "is a folder; expected a file")
    }

    /// Files of the system that wait for what may never come say that they have no bytes.
    @Test func whatSaysThatItIsEmptyIsNotRead() throws {
        for name in ["/proc/kmsg", "/proc/self/environ"] where FileManager.default.fileExists(atPath: name) {
            #expect(reason(name) == "0 bytes")
        }
    }

    @Test func aLargeFileIsNotRead() throws {
        try folder.write("0123456789", as: "a.txt")
        #expect(reason(path("a.txt")) == "10 bytes")
        #expect(reason(path("a.txt"), most: 9) == "10 are too many")
        #expect(FileManager.default.createFile(atPath: path("sparse"), contents: nil))
        #expect(truncate(path("sparse"), 3_000_000_000) == 0)
        #expect(reason(path("sparse"), most: Limit.documentBytes.value) == "3000000000 are too many")
        let url = folder.url.appendingPathComponent("sparse")
        let error = #expect(throws: BraidError.self) { try JSONObject(url) }
        #expect(
            error?.description
                == "\(url.path): 3000000000 bytes; the limit json-bytes is 50000000: where that is meant, set BRAID_LIMITS=json-bytes=NUMBER in the environment"
        )
        #expect(throws: DecodeError.self) { try MediaFile.data(url, .mediaBytes) }
    }
}
