import BraidSupport
import Foundation
import TestSupport
import Testing

@Suite struct LimitTests {
    @Test func theTableSaysWhatHolds() throws {
        let page = try String(contentsOf: Fixtures.root.appendingPathComponent("docs/limits.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| limit |") }.map(String.init)
        #expect(rows == Limit.all.map { "| \($0.name) | \($0.standard) | \($0.meaning) |" })
        #expect(Set(Limit.all.map(\.name)).count == Limit.all.count)
    }

    @Test func theEnvironmentRaisesALimit() throws {
        #expect(try Limit.read(["BRAID_LIMITS": " tensors = 7,header-bytes=8"]) == ["tensors": 7, "header-bytes": 8])
        #expect(try Limit.read([:]).isEmpty)
    }

    @Test(
        arguments: [
            ("tensor=7", "did you mean tensors?"), ("tensors", "expected NAME=NUMBER"), ("tensors=0", "above 0"),
            ("tensors=1e6", "expected NAME=NUMBER"),
        ])
    func whatIsNoLimitIsRefused(_ asked: String, _ message: String) {
        let error = #expect(throws: BraidError.self) { try Limit.read(["BRAID_LIMITS": asked]) }
        #expect(error?.code == .badConfiguration && error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test func theErrorNamesFileLimitAndRemedy() {
        let error = Limit.tensors.exceeded("9 tensors", file: "a.safetensors", bound: 5)
        #expect(
            error.description
                == "a.safetensors: 9 tensors; the limit tensors is 5: where that is meant, set BRAID_LIMITS=tensors=NUMBER in the environment"
        )
    }
}
