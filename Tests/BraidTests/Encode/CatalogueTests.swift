import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What `braid models` shows.
@Suite struct CatalogueTests {
    /// Against timm and Transformers: scripts/references/parameter_counts.py.
    @Test func parametersAreCountedAsTheReferencesBuildThem() throws {
        let expected: [String: Int] = try Fixtures.json("parameter_counts.json")
        let catalogue = try ModelCatalogue()
        #expect(expected.count > 30)
        for (name, count) in expected {
            let row = catalogue.architectures.first { "\($0.modality) \($0.name)" == name }
            #expect(row?.parameters == count, "\(name)")
        }
    }

    @Test func everyArchitectureHasSizes() throws {
        // A table's sizes are those of its columns.
        for row in try ModelCatalogue().architectures where row.modality != .tabular {
            #expect((row.parameters ?? 0) > 50_000 && (row.embedding ?? 0) > 0, "\(row.modality) \(row.name)")
            #expect((row.weights == nil) == (row.licence == nil) && row.input?.isEmpty == false, "\(row.modality) \(row.name)")
        }
    }

    @Test func aTableFitsATerminal() throws {
        let lines = try ModelCatalogue().table.split(separator: "\n")
        #expect(lines.dropLast().allSatisfy { $0.count <= 110 }, "\(lines.map(\.count).max() ?? 0)")
        #expect(
            lines.contains {
                $0.hasPrefix("  vit_base_patch16_224 ") && $0.contains("85.8 M") && $0.contains("224×224")
                    && $0.contains("Apache-2.0")
            })
    }

    @Test func whatIsMeasuredIsSaid() throws {
        let catalogue = try ModelCatalogue(["resnet10", "albert", "yamnet"], isMeasured: true)
        #expect(catalogue.architectures.map(\.name) == ["resnet10", "albert", "resnet10", "yamnet"])
        #expect(catalogue.architectures.allSatisfy { ($0.speed?.perSecond ?? 0) > 0 })
        #expect(catalogue.table.contains("text: 1; 1/s: a text of 32 tokens, 32 at once"))
        let error = #expect(throws: BraidError.self) { try ModelCatalogue(["resnett"]) }
        #expect(error?.description.contains("Near it: resnet") == true)
    }

    @Test func bothTowersOfAModelAreDescribed() throws {
        let folder = try TemporaryFolder()
        try ZeroShotCase("clip").write(to: folder.url)
        let towers = try ModelInfo.towers(folder.url.path, modality: nil, encoder: nil, relativeTo: folder.url)
        #expect(towers.map(\.modality) == [.image, .text] && towers.map(\.embedding) == [24, 24])
        let text = try ModelInfo.towers(folder.url.path, modality: .text, encoder: nil, relativeTo: folder.url, isMeasured: true)
        #expect(text.map(\.modality) == [.text] && text[0].table.contains("speed here:   "))
        let error = #expect(throws: BraidError.self) {
            try ModelInfo.towers(folder.url.path, modality: .audio, encoder: nil, relativeTo: folder.url)
        }
        #expect(error?.description.contains("clip has no tower for audio; it has one for image and text") == true)
    }

    @Test func errorsNameWhatIsNear() throws {
        let error = #expect(throws: BraidError.self) { try EncoderRegistry.builder("vit_bas_patch16_224", for: .image) }
        let message = error?.description ?? ""
        #expect(message.contains("Near it: vit_base_patch16_224") && message.count < 300, "\(message)")
    }
}
