internal import BraidSupport
internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import BraidHub

@Suite struct HubErrorTests {
    private static let tokens = "https://huggingface.co/settings/tokens"

    private func expect(
        _ repository: String, _ variables: [String: String] = [:], is code: BraidError.Code, _ text: String,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let error = try #require(try HubServer().error(repository, variables), sourceLocation: location)
        #expect(error.code == code, sourceLocation: location)
        #expect(error.text == text, sourceLocation: location)
    }

    @Test func aRepositoryThatIsNotThere() throws {
        try expect(
            "braid/none", is: .noInput,
            "model braid/none: is not on SERVER, or is private. Check the spelling; for a private model, set HF_TOKEN to a token that may read it (\(Self.tokens)). The hub says: Invalid username or password."
        )
        try expect(
            "braid/none", ["HF_TOKEN": "hf_member"], is: .noInput,
            "model braid/none: is not on SERVER, or the token in use (HF_TOKEN or the saved one) may not read it. Check the spelling and the token (\(Self.tokens)). The hub says: Repository not found"
        )
    }

    @Test func aPrivateRepository() throws {
        let hub = try HubServer()
        #expect(try hub.error("braid/private")?.text.contains("or is private") == true)
        #expect(try hub.error("braid/private", ["HF_TOKEN": "hf_member"]) == nil)
    }

    @Test(arguments: [[:], ["HF_TOKEN": "hf_stranger"]])
    func aGatedRepository(variables: [String: String]) throws {
        try expect(
            "braid/gated", variables, is: .noInput,
            "model braid/gated: is gated. Accept its licence at SERVER/braid/gated, then set HF_TOKEN to a token of that account (\(Self.tokens)). The hub says: Access to model braid/gated is restricted. You must have access to it."
        )
    }

    @Test func aRevisionThatIsNotThere() throws {
        try expect(
            "braid/plain@v9", is: .noInput,
            "model braid/plain: has no branch, tag or commit v9 on SERVER. The hub says: Invalid rev id: v9")
    }

    @Test func aFileThatIsNotThere() throws {
        try expect(
            "braid/listed-only", is: .noInput,
            "model braid/listed-only: has no file config.json on SERVER. The hub says: Entry not found")
    }

    @Test func namesThatLeaveTheFolder() throws {
        let hub = try HubServer()
        let error = try #require(try hub.error("braid/traversal"))
        #expect(error.code == .badData)
        #expect(
            error.text
                == "model braid/traversal: the hub lists a file \"../../../../outside.safetensors\", which would lie outside the snapshot's folder; nothing was downloaded"
        )
        let etag = try #require(try hub.error("braid/bad-etag"))
        #expect(etag.code == .badData)
        #expect(etag.text.hasSuffix("the ETag \"../../../outside\" cannot name a file of the cache"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: hub.cache.url.path) == [])
    }

    @Test func redirectsThatLeadNowhere() throws {
        let hub = try HubServer()
        #expect(try hub.error("braid/loop")?.text.hasSuffix("gave up after 10 redirects; check HF_ENDPOINT") == true)
        #expect(try hub.error("braid/far")?.text.hasSuffix("redirects to what is no web address") == true)
    }

    @Test func redirectsKeepToSecureConnections() throws {
        let connection = try HubConnection(HubEnvironment([:]))
        let secure = try #require(URL(string: "https://huggingface.co/a/b"))
        #expect(try connection.next("/c", from: secure).absoluteString == "https://huggingface.co/c")
        #expect(try connection.next("https://cdn.example/c", from: secure).host == "cdn.example")
        let error = #expect(throws: BraidError.self) { try connection.next("http://cdn.example/c?signed=1", from: secure) }
        #expect(
            error?.description
                == "https://huggingface.co/a/b: redirects from https to http://cdn.example/c, which is not followed")
    }

    @Test func offlineWithoutTheModel() throws {
        let hub = try HubServer()
        let error = try #require(try hub.error("braid/plain@v1", ["HF_HUB_OFFLINE": "on"]))
        #expect(error.code == .noInput)
        #expect(
            error.text
                == "model braid/plain@v1: is not in the cache (CACHE/models--braid--plain), and HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) forbids downloading. Unset it once, or run on a machine with a network: hf download braid/plain --revision v1, and copy CACHE/models--braid--plain"
        )
        #expect(try hub.log() == [])
    }

    @Test func aHubOutOfReach() throws {
        try expect(
            "braid/plain", ["HF_ENDPOINT": "http://127.0.0.1:1"], is: .unavailable,
            "model braid/plain: cannot be downloaded: http://127.0.0.1:1/api/models/braid/plain/revision/main: the connection is refused. Check the network, HF_ENDPOINT (http://127.0.0.1:1) and the proxy variables; or, where there is a network, run hf download braid/plain and copy CACHE/models--braid--plain."
        )
    }

    @Test func aHubThatIsDown() throws {
        try expect(
            "braid/down", is: .unavailable,
            "model braid/down: cannot be downloaded: SERVER/api/models/braid/down/revision/main: the server answered 500. Try again later: what has come is kept and continued."
        )
    }

    @Test func aCacheThatCannotBeWritten() throws {
        let hub = try HubServer()
        let file = try hub.cache.write("", as: "file")
        let error = try #require(try hub.error("braid/plain", ["HF_HUB_CACHE": "\(file.path)/cache"]))
        #expect(error.code == .cannotCreate)
        #expect(
            error.text
                == "CACHE/file/cache/models--braid--plain/blobs: cannot be written: Not a directory. Make room or allow writing there, or set HF_HUB_CACHE to another folder"
        )
    }

    @Test func moreThanTheDiskHolds() throws {
        let hub = try HubServer()
        let cache = try HubCache(hub.cache.url, HubRepository("braid/plain"))
        let error = #expect(throws: BraidError.self) { try cache.prepare(for: 1 << 60) }
        #expect(error?.code == .cannotCreate)
        #expect(error?.description.contains("1152921.5 TB are to be downloaded and ") == true)
    }

    @Test func serversMayNotAskForAnEternity() {
        #expect(RetryPolicy.seconds(retryAfter: "1e300") == 31_536_000)
    }
}
