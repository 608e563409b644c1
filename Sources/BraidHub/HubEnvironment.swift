internal import BraidSupport
public import Foundation

/// Where the hub is, where its cache lies and who asks: the environment variables that the reference client reads.
public struct HubEnvironment: Sendable {
    /// The folder of the cache, which every client shares.
    ///
    /// The first that is set of `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `HF_HOME/hub`, `XDG_CACHE_HOME/huggingface/hub`; else
    /// `~/.cache/huggingface/hub`.
    public let cache: URL
    /// The hub's address: `HF_ENDPOINT`, else `https://huggingface.co`.
    public let endpoint: URL
    /// `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, the file `HF_TOKEN_PATH`, the file `HF_HOME/token`; none where
    /// `HF_HUB_DISABLE_IMPLICIT_TOKEN` is set.
    let token: String?
    /// Whether no connection may be made: `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`.
    public let isOffline: Bool
    /// `HF_HUB_DOWNLOAD_TIMEOUT`: the longest silence within a download, in seconds.
    let downloadTimeout: Double
    /// `HF_HUB_ETAG_TIMEOUT`: the longest wait for an answer about a file, in seconds.
    let etagTimeout: Double
    /// `HF_HUB_DISABLE_PROGRESS_BARS`.
    let hidesProgress: Bool
    var retries = RetryPolicy()

    /// Reads the settings from variables of the environment.
    ///
    /// - Parameters:
    ///   - variables: The variables by name; an empty one is as good as none.
    ///   - home: The user's home folder.
    /// - Throws: `BraidError` (`.badConfiguration`), all faults at once, where a variable cannot be what it says.
    public init(
        _ variables: [String: String] = ProcessInfo.processInfo.environment, home: String = NSHomeDirectory()
    ) throws {
        let values = Values(variables: variables, home: home)
        var faults: [Fault] = []
        let hub = values.path("HF_HOME") ?? (values.path("XDG_CACHE_HOME") ?? "\(home)/.cache") + "/huggingface"
        cache = URL(
            fileURLWithPath: values.path("HF_HUB_CACHE") ?? values.path("HUGGINGFACE_HUB_CACHE") ?? "\(hub)/hub", isDirectory: true)
        let address = values.text("HF_ENDPOINT") ?? "https://huggingface.co"
        if let url = URL(string: address), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false, url.query == nil {
            endpoint = url
        } else {
            endpoint = URL(fileURLWithPath: "/")
            faults.append(Fault("\(address) is not an address such as https://huggingface.co", field: "HF_ENDPOINT"))
        }
        isOffline = values.flag("HF_HUB_OFFLINE") || values.flag("TRANSFORMERS_OFFLINE")
        downloadTimeout = values.seconds("HF_HUB_DOWNLOAD_TIMEOUT", &faults)
        etagTimeout = values.seconds("HF_HUB_ETAG_TIMEOUT", &faults)
        hidesProgress = values.flag("HF_HUB_DISABLE_PROGRESS_BARS")
        token = values.token(hub: hub)
        if let token, !token.allSatisfy({ $0.isASCII && !$0.isWhitespace }) {
            faults.append(Fault("has characters that no token has; it is not shown here", field: "HF_TOKEN"))
        }
        guard faults.isEmpty else { throw BraidError(.badConfiguration, faults: faults) }
    }
}

/// Environment variables by type; an empty one is as good as none.
private struct Values {
    let variables: [String: String]
    let home: String

    func text(_ name: String) -> String? {
        guard let value = variables[name]?.trimmingCharacters(in: .whitespacesAndNewlines), !value.isEmpty else { return nil }
        return value
    }

    func path(_ name: String) -> String? {
        text(name).map { $0 == "~" || $0.hasPrefix("~/") ? home + $0.dropFirst() : $0 }
    }

    func flag(_ name: String) -> Bool { ["1", "ON", "YES", "TRUE"].contains(text(name)?.uppercased() ?? "") }

    func seconds(_ name: String, _ faults: inout [Fault]) -> Double {
        guard let value = text(name) else { return 10 }
        if let seconds = Double(value), seconds > 0, seconds.isFinite { return seconds }
        faults.append(Fault("\(value) is not a number of seconds", field: name))
        return 10
    }

    func token(hub: String) -> String? {
        guard !flag("HF_HUB_DISABLE_IMPLICIT_TOKEN") else { return nil }
        if let given = text("HF_TOKEN") ?? text("HUGGING_FACE_HUB_TOKEN") { return given }
        let file = path("HF_TOKEN_PATH") ?? "\(hub)/token"
        let saved = (try? String(contentsOfFile: file, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        return saved?.isEmpty == false ? saved : nil
    }
}
