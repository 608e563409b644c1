import Foundation
import TestSupport
import Testing

@testable import Braid

@Suite struct BundledWeightsTests {
    @Test func theUsersFoldersComeFirst() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", as: "named/mine/config.json")
        try folder.write("{}", as: "data/braid/weights/mine/config.json")
        try folder.write("{}", as: "data/braid/weights/other/config.json")
        let named = folder.url.appendingPathComponent("named").path
        let environment = ["BRAID_WEIGHTS": "/nowhere:\(named)", "XDG_DATA_HOME": folder.url.appendingPathComponent("data").path]
        #expect(try BundledWeights.folder("mine", environment).path == "\(named)/mine")
        #expect(try BundledWeights.folder("other", environment).path.hasSuffix("data/braid/weights/other"))
        #expect(BundledWeights.names(environment).contains("other"))
    }

    @Test(arguments: ["all-MiniLM", "../data", "", ".."]) func whatIsNotThereSaysWhereItWouldBe(_ name: String) throws {
        let error = #expect(throws: BraidError.self) { try BundledWeights.folder(name, ["HOME": "/home/me"]) }
        #expect(error?.code == .noInput)
        #expect(error?.description.contains("BRAID_WEIGHTS, in /home/me/.local/share/braid/weights") == true)
        #expect(error?.description.contains("make weights") == true)
    }
}
