import Foundation
import TestSupport
import Testing

/// What people reported, each as a small file with the right answer: `fixtures/reports/manifests`, made by
/// scripts/references/report_cases.py.
@Suite struct ReportedCasesTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let report: String
        let folder: String
        let arguments: [String]
        let exit: Int32
        /// What the output must hold, and what must not be in it.
        let says: [String]
        let never: [String]
        /// Commands that come first and end well.
        let before: [[String]]?
        /// What files must hold.
        let files: [String: [String]]?

        var testDescription: String { name }
    }

    static let cases: [Case] = (try? Fixtures.json("reports/manifests/cases.json")) ?? []

    @Test func casesAreThere() { #expect(Self.cases.count > 100) }

    @Test(arguments: cases) func theAnswerIsRight(_ reported: Case) throws {
        let place = try TemporaryFolder()
        let folder = place.url.appendingPathComponent(reported.folder)
        try FileManager.default.copyItem(at: Fixtures.url("reports/manifests/\(reported.folder)"), to: folder)
        func run(_ arguments: [String]) throws -> Ended {
            let filled = arguments.map { $0.replacingOccurrences(of: "{fixtures}", with: Fixtures.url("").path) }
            return try Ended("braid", filled, in: folder)
        }
        for arguments in reported.before ?? [] {
            let ended = try run(arguments)
            #expect(ended.code == 0, "\(arguments): \(ended.error)")
        }
        let ended = try run(reported.arguments)
        let text = ended.out + ended.error
        #expect(ended.code == reported.exit, "\(text)")
        for words in reported.says { #expect(text.contains(words), "\(text)") }
        for words in reported.never { #expect(!text.contains(words), "\(text)") }
        for (name, contents) in reported.files ?? [:] {
            let file = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            for words in contents { #expect(file.contains(words), "\(name): \(file)") }
        }
    }
}
