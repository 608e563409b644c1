internal import BraidSupport
internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import BraidHub

/// Caches that other clients filled, as they laid them: scripts/references/hub_caches.py.
@Suite struct ForeignCacheTests {
    struct Cache: Decodable {
        let loaded: String
        let repository: String
        let listing: [String]
        let snapshot: [String]
        let absent: [String]
        let tree: Bool
        let contents: [String: String]
    }

    private static let commit = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"

    /// Lays the cache, and takes the snapshot from it without a network; gives what was said.
    private func notes(_ cache: Cache, tree: Bool, without left: [String] = []) throws -> [String] {
        let folder = try TemporaryFolder()
        let place = "models--" + cache.repository.replacingOccurrences(of: "/", with: "--")
        try folder.write(Self.commit, as: "\(place)/refs/main")
        for name in cache.snapshot where !left.contains(name) {
            let etag = Fingerprint.of(name)
            try folder.write(cache.contents[name] ?? "", as: "\(place)/blobs/\(etag)")
            let link = folder.url.appendingPathComponent("\(place)/snapshots/\(Self.commit)/\(name)")
            try FileManager.default.createDirectory(at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
            let up = String(repeating: "../", count: name.filter { $0 == "/" }.count + 2)
            try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "\(up)blobs/\(etag)")
        }
        for name in cache.absent { try folder.write("", as: "\(place)/.no_exist/\(Self.commit)/\(name)") }
        if tree {
            let files = cache.listing.map { #""\#($0)": {"size": 0, "blob_id": "\#(Fingerprint.of($0))"}"# }
            try folder.write(
                #"{"format_version": 1, "files": {\#(files.joined(separator: ", "))}}"#,
                as: "\(place)/trees/\(Self.commit).json")
        }
        let environment = try HubEnvironment(["HF_HUB_CACHE": folder.url.path, "HF_HUB_OFFLINE": "1"], home: folder.url.path)
        let reporter = NotedReporter()
        let snapshot = try HubClient(environment: environment).snapshot(of: HubRepository(cache.repository), reporter: reporter)
        #expect(snapshot.lastPathComponent == Self.commit)
        return reporter.notes.map { $0.replacingOccurrences(of: snapshot.path, with: "SNAPSHOT") }
    }

    @Test func aSnapshotThatCanLackNothingIsTakenWithoutAWord() throws {
        let caches: [Cache] = try Fixtures.json("hub_caches.json")
        // Transformers alone asks neither whether a text's model has a pooling, nor always for a picture's transform.
        let open = [
            "x/sentence AutoTokenizer.from_pretrained(NAME), AutoModel.from_pretrained(NAME)",
            "x/bert AutoTokenizer.from_pretrained(NAME), AutoModel.from_pretrained(NAME)",
            "x/resnet AutoModel.from_pretrained(NAME)",
        ]
        #expect(caches.count == 9 && caches.count { $0.tree } == 2)
        for cache in caches {
            let name = "\(cache.repository) \(cache.loaded)"
            let said = try notes(cache, tree: cache.tree)
            let expected =
                "SNAPSHOT was fetched by another program, which did not ask for all that Braid reads: a modules.json with sentence-transformers' pooling, or a preprocessor_config.json, would be missing; with a network, braid models pull \(cache.repository) settles it"
            #expect(said == (open.contains(name) ? [expected] : []), "\(name)")
        }
    }

    /// Version 1 of huggingface_hub keeps no list of a repository's files.
    @Test func aWholeRepositoryNeedsNoList() throws {
        let whole = try #require(try Fixtures.json("hub_caches.json", as: [Cache].self).first { $0.snapshot == $0.listing })
        #expect(try notes(whole, tree: false) == [])
    }

    @Test func whatIsReadMustBeThere() throws {
        let caches: [Cache] = try Fixtures.json("hub_caches.json")
        let whole = try #require(caches.first { $0.snapshot == $0.listing })
        #expect(try notes(whole, tree: true, without: ["README.md"]) == [])
        for name in ["1_Pooling/config.json", "model.safetensors"] {
            for tree in [true, false] {
                let error = #expect(throws: BraidError.self, "\(name)") { try notes(whole, tree: tree, without: [name]) }
                #expect(error?.description.contains("is in the cache in part only") == true)
            }
        }
    }
}
