internal import BraidSupport
internal import Foundation
internal import TestSupport

@testable internal import BraidHub

/// A hub of a test's own, within one process of `Tests/TestSupport/hub_server.py`, and a cache for it.
final class HubServer {
    /// What the server was asked.
    struct Request: Decodable, Equatable {
        let host: String
        let method: String
        let path: String
        let range: String?
        let authorization: String?
    }

    let address: String
    let cache: TemporaryFolder

    /// The one process, which ends when this one does and with it the pipe to its standard input.
    private static let shared = Result { () throws -> (address: String, input: Pipe) in
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../TestSupport/hub_server.py").standardizedFileURL
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let urls = try JSONDecoder().decode([String: String].self, from: output.fileHandleForReading.availableData)
        return (urls["hub"] ?? "", input)
    }

    init() throws {
        cache = try TemporaryFolder()
        address = try Self.shared.get().address + "/s-\(UUID().uuidString)"
    }

    /// The environment of a user of this server, who does not wait long.
    func environment(_ more: [String: String] = [:]) throws -> HubEnvironment {
        let variables = ["HF_ENDPOINT": address, "HF_HUB_CACHE": cache.url.path, "HF_HOME": cache.url.path]
        var environment = try HubEnvironment(variables.merging(more) { $1 }, home: cache.url.path)
        environment.retries.base = 0.01
        return environment
    }

    @discardableResult
    func snapshot(_ repository: String, _ more: [String: String] = [:]) throws -> URL {
        try HubClient(environment: environment(more)).snapshot(of: HubRepository(repository), reporter: SilentReporter())
    }

    /// The error of a download, as the user reads it; `SERVER` and `CACHE` stand for what differs each time.
    func error(_ repository: String, _ more: [String: String] = [:]) throws -> (code: BraidError.Code, text: String)? {
        do {
            try snapshot(repository, more)
            return nil
        } catch let error as BraidError {
            let text = error.description.replacingOccurrences(of: address, with: "SERVER")
            return (error.code, text.replacingOccurrences(of: cache.url.path, with: "CACHE"))
        }
    }

    /// Requests since the start, in order.
    func log() throws -> [Request] {
        guard let url = URL(string: "\(address)/_log") else { return [] }
        return try JSONDecoder().decode([Request].self, from: HTTPSession().send(HTTPRequest(url: url, timeout: 5)).text())
    }

    /// Requests for a file's content.
    func bodies(of file: String) throws -> [Request] {
        try log().filter { $0.method == "GET" && $0.path.hasSuffix(file) && !$0.path.hasPrefix("/api") && $0.host == "cdn" }
    }

    func folder(of id: String) -> URL {
        cache.url.appendingPathComponent("models--" + id.replacingOccurrences(of: "/", with: "--"))
    }

    func blobs(of id: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder(of: id).appendingPathComponent("blobs").path).sorted()
    }
}
