internal import BraidSupport
internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import BraidHub

@Suite struct HubDownloadTests {
    private static let weights = "db4c40bbee6e755e37bde44ea27506a98d2f6f185449ee89d1a6b2953889ffe1"

    /// That the weights are what the server has, and nothing partial is left.
    private func expectWhole(_ hub: HubServer, _ id: String) throws {
        #expect(try Fingerprint.of(hub.folder(of: id).appendingPathComponent("blobs/\(Self.weights)")) == Self.weights)
        #expect(try hub.blobs(of: id).allSatisfy { !$0.hasSuffix("incomplete") })
    }

    @Test func aCutConnectionIsContinued() throws {
        let hub = try HubServer()
        try hub.snapshot("braid/cut")
        #expect(try hub.bodies(of: "model.safetensors").map(\.range) == [nil, "bytes=100000-", "bytes=200000-"])
        try expectWhole(hub, "braid/cut")
    }

    @Test func aPartialFileOfAnEarlierRunIsContinued() throws {
        let hub = try HubServer()
        let partial = "models--braid--plain/blobs/\(Self.weights).incomplete"
        let head = try Data(contentsOf: hub.snapshot("braid/wrong-once").appendingPathComponent("model.safetensors")).prefix(1234)
        try hub.cache.write("", as: partial)
        try head.write(to: hub.cache.url.appendingPathComponent(partial))
        try hub.snapshot("braid/plain")
        #expect(try hub.bodies(of: "plain/model.safetensors").map(\.range) == ["bytes=1234-"])
        try expectWhole(hub, "braid/plain")
    }

    @Test(arguments: [("x", 5), ("x", 300_000), ("x", 300_001)])
    func aPartialFileOfOtherContentIsDropped(letter: String, count: Int) throws {
        let hub = try HubServer()
        try hub.cache.write(
            String(repeating: letter, count: count), as: "models--braid--plain/blobs/\(Self.weights).incomplete")
        try hub.snapshot("braid/plain")
        try expectWhole(hub, "braid/plain")
    }

    @Test func aServerWithoutRangesStartsOver() throws {
        let hub = try HubServer()
        try hub.snapshot("braid/cut-no-range")
        #expect(try hub.bodies(of: "model.safetensors").map(\.range) == [nil, "bytes=100000-"])
        try expectWhole(hub, "braid/cut-no-range")
    }

    @Test func anotherRangeThanAskedForIsNotAppended() throws {
        let hub = try HubServer()
        try hub.snapshot("braid/cut-shifted")
        #expect(try hub.bodies(of: "model.safetensors").map(\.range) == [nil, "bytes=100000-", nil])
        try expectWhole(hub, "braid/cut-shifted")
    }

    @Test func aLineThatIsAlwaysCutIsGivenUp() throws {
        let hub = try HubServer()
        let error = try #require(try hub.error("braid/cut-always"))
        #expect(error.code == .unavailable)
        #expect(error.text.contains("braid/cut-always/model.safetensors: after 0 bytes: "))
        #expect(error.text.hasSuffix("Try again later: what has come is kept and continued."))
        #expect(try hub.bodies(of: "model.safetensors").count == 6)
    }

    @Test func aSilentServerIsNotWaitedForLong() throws {
        let hub = try HubServer()
        try hub.snapshot("braid/silent", ["HF_HUB_DOWNLOAD_TIMEOUT": "0.3"])
        let starts = [65_536, 131_072, 196_608, 262_144]
        #expect(try hub.bodies(of: "model.safetensors").map(\.range) == [nil] + starts.map { "bytes=\($0)-" })
        try expectWhole(hub, "braid/silent")
    }

    @Test func anUnsatisfiableRangeStartsOver() throws {
        let hub = try HubServer()
        let content = String(repeating: "x", count: 300_000)
        try hub.cache.write(content, as: "models--braid--short/blobs/\(Self.weights).incomplete")
        #expect(try hub.error("braid/short")?.code == .badData)
        #expect(try hub.bodies(of: "model.safetensors").map(\.range) == ["bytes=300000-", nil])
    }

    @Test func aBusyServerIsWaitedFor() throws {
        let hub = try HubServer()
        let time = try ContinuousClock().measure { _ = try hub.snapshot("braid/busy") }
        #expect(time >= .seconds(1), "Retry-After: 1")
        #expect(try hub.bodies(of: "model.safetensors").count == 3)
        try hub.snapshot("braid/busy-list")
        #expect(try hub.log().filter { $0.path == "/api/models/braid/busy-list/revision/main" }.count == 3)
    }

    @Test func aWrongChecksumIsTriedOnceMore() throws {
        let hub = try HubServer()
        try hub.snapshot("braid/wrong-once")
        #expect(try hub.bodies(of: "model.safetensors").count == 2)
        try expectWhole(hub, "braid/wrong-once")
    }

    @Test func aWrongChecksumIsAnError() throws {
        let hub = try HubServer()
        let error = try #require(try hub.error("braid/wrong"))
        #expect(error.code == .badData)
        #expect(
            error.text
                == "model braid/wrong: model.safetensors is damaged on its way: its SHA-256 is 3e36018be1c1297bb561ec33f39c3fea55fac64520f5a316e87b675518adca46, the hub says \(Self.weights). It was downloaded twice and deleted; try again later, or check HF_ENDPOINT and any proxy"
        )
        #expect(try hub.blobs(of: "braid/wrong") == ["dc1fb7b6703fe03317c1a080b523bf475f3d4818"])
        let small = try #require(try hub.error("braid/wrong-small"))
        #expect(small.text.contains("config.json is damaged on its way: its git SHA-1 is 03945edb41c33c94a33af0bda52e6489f916cbcc"))
    }

    @Test func aWrongSizeIsAnError() throws {
        let hub = try HubServer()
        let error = try #require(try hub.error("braid/short"))
        #expect(error.code == .badData)
        #expect(
            error.text.hasPrefix(
                "model braid/short: model.safetensors has 300001 bytes, the hub says, but the server sends 300000 bytes"))
    }

    @Test func theTokenStaysWithTheHub() throws {
        let hub = try HubServer()
        try hub.snapshot("braid/private", ["HF_TOKEN": "hf_member"])
        let log = try hub.log()
        #expect(log.filter { $0.host == "cdn" }.map(\.authorization) == [nil])
        let own = log.filter { $0.host == "hub" }.map(\.authorization)
        #expect(own.count == 5 && own.allSatisfy { $0 == "Bearer hf_member" })
    }
}
