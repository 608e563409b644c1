internal import BraidSupport
internal import Foundation
internal import TestSupport
internal import Testing

@testable internal import BraidHub

@Suite struct HubEnvironmentTests {
    @Test(arguments: [
        ([:], "/home/me/.cache/huggingface/hub"),
        (["XDG_CACHE_HOME": "/xdg"], "/xdg/huggingface/hub"),
        (["XDG_CACHE_HOME": "/xdg", "HF_HOME": "/hf"], "/hf/hub"),
        (["HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
        (["HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "~/new"], "/home/me/new"),
        (["HF_HUB_CACHE": ""], "/home/me/.cache/huggingface/hub"),
    ])
    func findsTheCache(variables: [String: String], path: String) throws {
        #expect(try HubEnvironment(variables, home: "/home/me").cache.path == path)
    }

    @Test func findsTheToken() throws {
        let folder = try TemporaryFolder()
        try folder.write("hf_saved\n", as: "token")
        try folder.write("hf_other", as: "other")
        let token = { try HubEnvironment(["HF_HOME": folder.url.path].merging($0) { $1 }, home: "/nowhere").token }
        #expect(try token([:]) == "hf_saved")
        #expect(try token(["HF_TOKEN_PATH": folder.url.appendingPathComponent("other").path]) == "hf_other")
        #expect(try token(["HUGGING_FACE_HUB_TOKEN": "hf_b"]) == "hf_b")
        #expect(try token(["HF_TOKEN": " hf_a ", "HUGGING_FACE_HUB_TOKEN": "hf_b"]) == "hf_a")
        #expect(try token(["HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "True"]) == nil)
    }

    @Test(arguments: [("1", true), ("on", true), ("Yes", true), ("TRUE", true), ("0", false), ("false", false), ("", false)])
    func readsSwitches(value: String, isOn: Bool) throws {
        #expect(try HubEnvironment(["HF_HUB_OFFLINE": value]).isOffline == isOn)
        #expect(try HubEnvironment(["TRANSFORMERS_OFFLINE": value]).isOffline == isOn)
        #expect(try HubEnvironment(["HF_HUB_DISABLE_PROGRESS_BARS": value]).hidesProgress == isOn)
    }

    @Test func reportsAllFaultsAtOnceAndNoToken() throws {
        let error = #expect(throws: BraidError.self) {
            try HubEnvironment(["HF_ENDPOINT": "hub", "HF_HUB_ETAG_TIMEOUT": "soon", "HF_TOKEN": "hf secret"])
        }
        #expect(error?.code == .badConfiguration)
        #expect(
            error?.description == """
                HF_ENDPOINT: hub is not an address such as https://huggingface.co
                HF_HUB_ETAG_TIMEOUT: soon is not a number of seconds
                HF_TOKEN: has characters that no token has; it is not shown here
                """)
    }
}

@Suite struct HubRepositoryTests {
    @Test func readsIDsAndRevisions() throws {
        #expect(try HubRepository("org/name") == HubRepository(id: "org/name", revision: "main"))
        #expect(try HubRepository("bert-base-uncased").id == "bert-base-uncased")
        #expect(try HubRepository("org/name@refs/pr/1").revision == "refs/pr/1")
        #expect(try HubRepository("org/name@v1.0").commit == nil)
        let commit = String(repeating: "0a", count: 20)
        #expect(try HubRepository("org/name@\(commit)").commit == commit)
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a/b/c", "../a", "a/..", "a..b/c", "-a/b", "a/b.", "a b/c", "a/b--c", "a/b.git", "ä/b", "a\\b", "a/b@",
        "a/b@../x", "a/b@/x", "a/b@x/", "a/b@x y", "a/b@-x", "a/b@x\\y", "a/b@x\ny", String(repeating: "a", count: 97),
    ])
    func refuses(text: String) {
        let error = #expect(throws: BraidError.self) { try HubRepository(text) }
        #expect(error?.code == .noInput)
    }
}

@Suite struct RetryPolicyTests {
    @Test func readsRetryAfter() throws {
        let now = Date(timeIntervalSince1970: 784_111_777)  // RFC 9110's example
        #expect(RetryPolicy.seconds(retryAfter: "7") == 7)
        #expect(RetryPolicy.seconds(retryAfter: "Sun, 06 Nov 1994 08:49:47 GMT", now: now) == 10)
        #expect(RetryPolicy.seconds(retryAfter: "Sun, 06 Nov 1994 08:49:27 GMT", now: now) == 0)
        #expect(RetryPolicy.seconds(retryAfter: "soon") == nil)
        #expect(RetryPolicy.seconds(retryAfter: nil) == nil)
    }

    @Test func givesUpAfterFiveRetriesAndNotForAnHour() {
        var tries = 0
        let policy = RetryPolicy(base: 0.001)
        #expect(throws: Transient.self) {
            try policy.run {
                tries += 1
                throw Transient(reason: "")
            }
        }
        #expect(tries == 6)
        tries = 0
        #expect(throws: Transient.self) {
            try policy.run {
                tries += 1
                throw Transient(reason: "", wait: 3600)
            }
        }
        #expect(tries == 1)
    }
}
