internal import BraidSupport
internal import Dispatch
internal import Foundation
internal import Synchronization
internal import TestSupport
internal import Testing

@testable internal import BraidHub

/// Single files from the web come whole, or not at all.
@Suite struct WebDownloadTests {
    let server: HubServer
    let folder: TemporaryFolder
    let web = WebDownload(retries: RetryPolicy(retries: 3, base: 0.01, longest: 1), timeout: 5)

    init() throws { (server, folder) = (try HubServer(), try TemporaryFolder()) }

    private func fetch(_ path: String, limit: Int = 1 << 20) throws -> Data {
        let file = folder.url.appendingPathComponent("file")
        try web.fetch(URL(string: "\(server.address)/\(path)") ?? folder.url, to: file, limit: limit)
        return try Data(contentsOf: file)
    }

    /// The reason of a failure; what lies in the folder stays as it was.
    private func reason(_ path: String, limit: Int = 1 << 20) throws -> String {
        do { return "\(try fetch(path, limit: limit).count) bytes came" } catch let error as BraidError {
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
            return error.description
        }
    }

    @Test func filesComeAlsoBehindARedirect() throws {
        #expect(try String(decoding: fetch("braid/full/resolve/main/config.json"), as: UTF8.self).hasPrefix("{"))
        // On a second host.
        #expect(try fetch("braid/full/resolve/main/model.safetensors").count > 100)
    }

    @Test func whatDoesNotComeIsNamed() throws {
        #expect(try reason("braid/full/resolve/main/nothing.png") == "the server answered 404")
        #expect(try reason("braid/loop/resolve/main/config.json").contains("more than 5 times"))
        #expect(
            try reason("braid/far/resolve/main/config.json").contains(
                "redirects to ftp://127.0.0.1/config.json, which is not followed"))
        #expect(try reason("braid/full/resolve/main/model.safetensors", limit: 100).contains("has more than 100 B"))
    }

    /// Several at once: none keeps the others from being given up.
    @Test(.timeLimit(.minutes(2))) func serversThatSendWithoutAnEndAreGivenUp() throws {
        let reasons = Mutex<[String]>([])
        let (web, place, folder) = (web, "\(server.address)/_endless", folder.url)
        DispatchQueue.concurrentPerform(iterations: 6) { number in
            var reason = "came"
            do {
                try web.fetch(
                    URL(string: place) ?? folder, to: folder.appendingPathComponent("\(number)"), limit: 50_000_000)
            } catch { reason = "\(error)" }
            reasons.withLock { $0.append(reason) }
        }
        #expect(reasons.withLock { $0 } == Array(repeating: "has more than 50.0 MB, the most that is fetched", count: 6))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func whatIsPackedCountsUnpacked() throws {
        #expect(try reason("_packed") == "has more than 1.0 MB, the most that is fetched")
    }

    @Test func aServerThatSendsNextToNothingIsGivenUp() throws {
        let web = WebDownload(retries: RetryPolicy(retries: 3, base: 0.01, longest: 1), timeout: 5, patience: 1)
        let place = try #require(URL(string: "\(server.address)/_slow"))
        let error = #expect(throws: BraidError.self) {
            try web.fetch(place, to: folder.url.appendingPathComponent("file"), limit: 10_000)
        }
        #expect(error?.description == "the server sends less than 1000 bytes a second")
    }

    @Test func noServerIsNamed() throws {
        let file = folder.url.appendingPathComponent("file")
        let error = #expect(throws: BraidError.self) {
            try web.fetch(try #require(URL(string: "http://127.0.0.1:9/a.png")), to: file, limit: 10)
        }
        #expect(error?.code == .unavailable)
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }
}
