import Foundation
import TestSupport
import Testing

@testable import Braid

/// One configuration from another: what does not act any more gives way, what acts stays, and the document says so.
@Suite struct DerivingTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func configuration() throws -> Configuration {
        try Configuration.parse(
            """
            modalities: {image: {weights: x, train: all}, text: {weights: y}}
            fusion: {type: bottleneck, dim: 32, heads: 2, bottlenecks: 3, layers: 3, modality_dropout: 0.4}
            training: {encoder_learning_rate: 0.5, head_epochs: 2, balance: {method: ogm-ge, alpha: 2}, alignment: {weight: 1, temperature: 0.5}}
            """, folder: folder.url)
    }

    @Test func anotherFusionKeepsWhatItShares() throws {
        let film = try configuration().with(FusionKind.film).yaml
        #expect(film.contains("type: film") && film.contains("layers: 3") && film.contains("method: ogm-ge"))
        for key in ["heads:", "bottlenecks:", "tokens:"] { #expect(!film.contains("  \(key)"), "\(key)") }
        // Late fusion has nothing to balance; with the method its alpha goes.
        let late = try configuration().with(FusionKind.late).yaml
        #expect(!late.contains("ogm-ge") && !late.contains("alpha") && late.contains("temperature: 0.5"))
    }

    @Test func oneModalityKeepsNothingBetweenModalities() throws {
        let text = try configuration().keeping([.text])
        #expect(text.modalities.keys.sorted() == [.text] && text.fusion.modalityDropout == 0)
        for key in ["modality_dropout", "balance", "alignment", "encoder_learning_rate", "head_epochs", "image"] {
            #expect(!text.yaml.contains(key), "\(key)")
        }
        #expect(try configuration().keeping([.image]).training.encoderLearningRate == 0.5)
    }

    @Test func frozenEncodersHaveNoRate() throws {
        let frozen = try configuration().frozen()
        #expect(frozen.modalities.values.allSatisfy { $0.train == .none })
        #expect(!frozen.yaml.contains("encoder_learning_rate") && frozen.fusion.modalityDropout == 0.4)
    }

    /// A value that was asked for is never dropped.
    @Test func whatDoesNotActIsRefusedWhereItIsAskedFor() throws {
        #expect(throws: BraidError.self) { try configuration().with(["fusion.rank": "3"]) }
        #expect(throws: BraidError.self) { try configuration().with(["fusion.heads": "3"]) }
        #expect(try configuration().with(["training.seed": "7"]).training.seed == 7)
    }
}
