import Foundation
import TestSupport
import Testing

@testable import Braid

@Suite struct ProbeTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private func probe(_ overrides: [String] = [], others: [String] = [], head: String = "head: {hidden: [8]}") throws
        -> EncoderProbe
    {
        EncoderProbe(try small.configuration(overrides, head: head), others: try others.map { try .init($0) }, folds: 3)
    }

    @Test func encodersAreRankedAloneAndTogether() throws {
        try small.makeData(48, hasAudio: { $0 % 6 != 3 })
        let probe = try probe(others: ["image=\(Fixtures.url("resnet").path)"])
        let result = try probe()
        // Rows of train and val that have the modality; the test split is not looked at.
        #expect(result.encoders.map(\.rows) == [36, 30, 36])
        #expect(result.encoders.allSatisfy { $0.logME.isFinite && $0.hScore ?? -1 > 0 && $0.milliseconds > 0 && $0.loss > 0 })
        #expect(result.encoders[0].loss == result.encoders[2].loss && result.encoders[0].logME == result.encoders[2].logME)
        #expect(result.together?.mean ?? 0 > 0.9 && result.chosen.count == 2)
        #expect(result.table.contains("30 to 36 rows of train and val") && result.table.contains("←"))
        let document = try probe.configuration(with: result, in: small.folder.url)
        let again = try Configuration.parse(document, folder: small.folder.url)
        let weights = again.modalities[.image].map { Paths.resolve($0.weights, in: small.folder.url).path }
        #expect(weights == Fixtures.url("resnet").path && again.fusion.dimension == 16)
    }

    @Test(arguments: ["regression", "multilabel", "binary"])
    func everyTaskCanBeProbed(_ task: String) throws {
        let label = { (index: Int) in
            switch task {
            case "regression": "\(index % 2 * 3 + index % 5)"
            case "multilabel": index % 2 == 0 ? "high|even" : "odd"
            default: index % 2 == 0 ? "high" : "low"
            }
        }
        try small.makeData(48, labels: [("label", label)])
        let result = try probe(head: "head: {task: \(task), hidden: [8]}")()
        #expect(
            result.encoders.count == 2
                && result.encoders.allSatisfy { ($0.hScore == nil) == (task == "regression" || task == "multilabel") })
        #expect(result.table.contains(task == "regression" ? "R²" : "accuracy") || task == "multilabel")
    }

    @Test func whatCannotBeProbedIsRefused() throws {
        try small.makeData(24)
        #expect(throws: BraidError.self) { try EncoderProbe.Candidate("picture=resnet18") }
        #expect(throws: BraidError.self) { try EncoderProbe.Candidate("image=") }
        #expect(throws: BraidError.self) { try probe(others: ["text=bundled:no-such-thing"])() }
        #expect(throws: BraidError.self) { try probe(others: ["image=/no/such/folder"])() }
    }
}
