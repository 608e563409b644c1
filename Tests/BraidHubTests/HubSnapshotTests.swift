internal import BraidSupport
internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import BraidHub

@Suite struct HubSnapshotTests {
    @Test func downloadsIntoTheStandardLayout() throws {
        let hub = try HubServer()
        let snapshot = try hub.snapshot("braid/full")
        let commit = "62160deeadfc50c75e9933426928a0442806ce2a"  // SHA-1 of the id, as the server makes it
        #expect(snapshot.path == hub.folder(of: "braid/full").appendingPathComponent("snapshots/\(commit)").path)
        let ref = try String(contentsOf: hub.folder(of: "braid/full").appendingPathComponent("refs/main"), encoding: .utf8)
        #expect(ref == commit)
        let cache = try HubCache(hub.cache.url, HubRepository("braid/full"))
        #expect(
            cache.names(at: commit) == [
                "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors", "README.md", "config.json",
                "model.safetensors", "modules.json", "tokenizer.json", "vocab.txt",
            ])
        let link = { try FileManager.default.destinationOfSymbolicLink(atPath: snapshot.appendingPathComponent($0).path) }
        #expect(try link("config.json") == "../../blobs/dc1fb7b6703fe03317c1a080b523bf475f3d4818")
        #expect(
            try link("2_Dense/model.safetensors")
                == "../../../blobs/ae75a298f8c0a72b043ac3d1d34070fcf7d134f04a8d059fdf17be09d0bf70c9")
        #expect(try String(contentsOf: snapshot.appendingPathComponent("vocab.txt"), encoding: .utf8) == "[PAD]\n")
        #expect(try hub.blobs(of: "braid/full").count == 9)
    }

    @Test func aSecondCallDownloadsNothing() throws {
        let hub = try HubServer()
        let first = try hub.snapshot("braid/plain")
        let before = try hub.log().count
        #expect(try hub.snapshot("braid/plain") == first)
        let after = try hub.log().dropFirst(before).map { "\($0.method) \($0.path)" }
        #expect(after == ["GET /api/models/braid/plain/revision/main"])
    }

    @Test func aPinnedCommitInTheCacheNeedsNoHub() throws {
        let hub = try HubServer()
        let first = try hub.snapshot("braid/plain")
        let before = try hub.log()
        let pinned = "braid/plain@\(first.lastPathComponent)"
        #expect(try hub.snapshot(pinned) == first)
        #expect(try hub.log() == before)
        #expect(try hub.snapshot(pinned, ["HF_ENDPOINT": "http://127.0.0.1:1"]) == first)
    }

    @Test func tagsAndOldNamesAreFollowed() throws {
        let hub = try HubServer()
        let tag = try hub.snapshot("braid/plain@v1")
        let request = try hub.snapshot("braid/plain@refs/pr/1")
        #expect(tag == request)
        #expect(FileManager.default.fileExists(atPath: hub.folder(of: "braid/plain").appendingPathComponent("refs/refs/pr/1").path))
        let old = try hub.snapshot("old")
        #expect(old.path.hasPrefix(hub.folder(of: "old").path))
        #expect(FileManager.default.fileExists(atPath: old.appendingPathComponent("model.safetensors").path))
    }

    @Test func anIndexBringsItsShards() throws {
        let hub = try HubServer()
        let snapshot = try hub.snapshot("braid/sharded")
        let sizes = try ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"].map {
            try Data(contentsOf: snapshot.appendingPathComponent($0)).count
        }
        #expect(sizes == [1000, 2000])
        let error = try #require(try hub.error("braid/shard-missing"))
        #expect(error.code == .badData)
        #expect(error.text.hasSuffix("names model-00001-of-00002.safetensors, which the repository does not have"))
    }

    @Test func offlineTakesTheCacheAndAsksNothing() throws {
        let hub = try HubServer()
        let first = try hub.snapshot("braid/plain")
        let before = try hub.log()
        #expect(try hub.snapshot("braid/plain", ["HF_HUB_OFFLINE": "1"]) == first)
        #expect(try hub.snapshot("braid/plain", ["TRANSFORMERS_OFFLINE": "yes", "HF_ENDPOINT": "http://127.0.0.1:1"]) == first)
        #expect(try hub.log() == before)
    }

    @Test func anUnreachableOrFailingHubFallsBackToTheCache() throws {
        let hub = try HubServer()
        let first = try hub.snapshot("braid/plain")
        #expect(try hub.snapshot("braid/plain", ["HF_ENDPOINT": "http://127.0.0.1:1"]) == first)
        let down = try hub.error("braid/down")
        #expect(down?.code == .unavailable)
    }

    @Test func aPartOfASnapshotIsNotTakenForTheWhole() throws {
        let hub = try HubServer()
        let snapshot = try hub.snapshot("braid/plain")
        try FileManager.default.removeItem(at: snapshot.appendingPathComponent("model.safetensors"))
        let error = try #require(try hub.error("braid/plain", ["HF_HUB_OFFLINE": "1"]))
        #expect(error.text.contains("is in the cache in part only (CACHE/models--braid--plain/snapshots/"))
        #expect(try hub.snapshot("braid/plain@\(snapshot.lastPathComponent)") == snapshot)
        #expect(FileManager.default.fileExists(atPath: snapshot.appendingPathComponent("model.safetensors").path))
        #expect(try hub.bodies(of: "model.safetensors").count == 1, "the blob was still there")
    }

    @Test func twoDownloadsAtOnceFetchOnce() async throws {
        let hub = try HubServer()
        let environment = try hub.environment()
        let repository = try HubRepository("braid/slow")
        let paths = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await onAThread {
                        try HubClient(environment: environment).snapshot(of: repository, reporter: SilentReporter()).path
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(paths).count == 1 && paths.count == 2)
        #expect(try hub.bodies(of: "model.safetensors").count == 1)
        #expect(try HubClient(environment: environment).verify(repository).intact == ["config.json", "model.safetensors"])
    }
}

/// Runs what blocks on a thread of its own.
private func onAThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
