import Foundation
import TestSupport
import Testing

/// Media that a manifest names by address are fetched once, checked, and named where they cannot be had.
@Suite struct WebMediaTests {
    let folder: TemporaryFolder
    let server: Process
    let address: String

    /// Serves a picture, by Python's own server.
    init() throws {
        folder = try TemporaryFolder()
        let site = folder.url.appendingPathComponent("site")
        try FileManager.default.createDirectory(at: site, withIntermediateDirectories: true)
        for name in ["rgb8.png", "exif6.jpg"] {
            try FileManager.default.copyItem(at: Fixtures.url("images/\(name)"), to: site.appendingPathComponent(name))
        }
        server = Process()
        let output = Pipe()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        server.arguments = ["python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", site.path]
        server.standardOutput = output
        server.standardError = FileHandle.nullDevice
        try server.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        address = try #require(line.firstMatch(of: /http:\/\/127\.0\.0\.1:\d+/)).output.description
    }

    private func check(_ rows: [String], offline: Bool = false) throws -> Ended {
        _ = try folder.write(
            "id,image,label,split\n" + rows.enumerated().map { "\($0),\($1),\($0 % 2 == 0 ? "a" : "b"),train\n" }.joined(),
            as: "m.csv")
        return try Ended(
            "braid", ["check", "m.csv"], in: folder.url,
            ["BRAID_CACHE": folder.url.appendingPathComponent("cache").path, "HF_HUB_OFFLINE": offline ? "1" : "0"])
    }

    @Test func filesAreFetchedOnceAndFaultsNamed() throws {
        defer { server.terminate() }
        let good = ["\(address)/rgb8.png", "\(address)/exif6.jpg"]
        let first = try check(good)
        #expect(first.error.contains("fetching 2 files from 127.0.0.1 into "), "\(first.error)")
        #expect(first.out.contains("image: 2 of 2 samples can be used"), "\(first.out)")
        let gone = try check(good + ["\(address)/gone.png", "\(address)/rgb8.png#sha256=\(String(repeating: "0", count: 64))"])
        #expect(gone.code == 65)
        #expect(gone.error.contains("fetching 2 files"))
        #expect(gone.out.contains("m.csv:4: image: \(address)/gone.png: cannot be fetched: the server answered 404"), "\(gone.out)")
        #expect(gone.out.contains("its SHA-256 is ") && gone.out.contains("and the manifest says 000"), "\(gone.out)")
        // Nobody is asked, several times at that, where an address names no host.
        let nowhere = try check(["http://:", "https://:443/a.png"])
        #expect(nowhere.out.components(separatedBy: "cannot be fetched: it is no address").count == 3, "\(nowhere.out)")
        server.terminate()
        // The cache has them, with and without a network.
        let again = try check(good, offline: true)
        #expect(!again.error.contains("fetching") && again.out.contains("image: 2 of 2 samples can be used"), "\(again.out)")
        let offline = try check(["\(address)/other.png"], offline: true)
        #expect(offline.out.contains("HF_HUB_OFFLINE forbids to fetch it"), "\(offline.out)")
    }
}
