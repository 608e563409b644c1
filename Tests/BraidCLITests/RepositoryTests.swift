import Foundation
import TestSupport
import Testing

/// The checks that keep the house as it is, checked themselves.
@Suite struct RepositoryTests {
    private func python(_ arguments: String...) throws -> (code: Int32, out: String) {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.currentDirectoryURL = Fixtures.root
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test func aPlantedUpwardImportIsFound() throws {
        let result = try python("scripts/layering.py", "--self-test")
        #expect(result.code == 0 && result.out.contains("planted imports are found"), "\(result.out)")
    }

    @Test func aPlantedHazardIsFoundAndThereIsNone() throws {
        let planted = try python("scripts/hazards.py", "--self-test")
        #expect(planted.code == 0 && planted.out.contains("planted faults found"), "\(planted.out)")
        let result = try python("scripts/hazards.py")
        #expect(result.code == 0 && result.out == "hazards: none\n", "\(result.out)")
    }

    @Test func weightsAreFetchedOnceAndCheckedBeforeTheyAreUsed() throws {
        let result = try python("scripts/fetch_test.py")
        #expect(result.code == 0 && result.out.contains("fetch: 8 tests hold"), "\(result.out)")
    }

    /// Links and anchors, options of the commands that pages show, figures that stand twice, the Chinese README.
    @Test func pagesAreAsTheyShouldBe() throws {
        let planted = try python("scripts/pages.py", "--self-test")
        #expect(planted.code == 0 && planted.out.contains("planted faults found"), "\(planted.out)")
        let result = try python("scripts/pages.py", "--braid", Ended.program("braid").path)
        #expect(result.code == 0 && result.out.contains("are as they should be"), "\(result.out)")
    }

    @Test func messagesThatThePageExplainsAreSaid() throws {
        #expect(try python("scripts/messages.py", "--self-test").code == 0)
        let result = try python("scripts/messages.py")
        #expect(result.code == 0, "\(result.out)")
    }

    @Test func theTableOfKeysIsWhatTheReaderSays() throws {
        let result = try python("scripts/configuration_table.py", "--check")
        #expect(result.code == 0, "\(result.out)")
    }
}
