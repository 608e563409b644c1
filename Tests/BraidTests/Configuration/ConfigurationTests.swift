import Foundation
import TestSupport
import Testing

@testable import Braid

@Suite struct ConfigurationTests {
    let folder: TemporaryFolder
    private let least = "modalities: {text: {weights: somewhere}}\n"

    init() throws { folder = try TemporaryFolder() }

    private func read(_ yaml: String, _ overrides: [String] = []) throws -> Configuration {
        try Configuration.read(folder.write(yaml, as: "config.yaml"), overrides: overrides)
    }

    @Test func defaultsFillInAndTheResolvedFormReadsTheSame() throws {
        let first = try read(least)
        #expect(first.training.epochs == 20)
        #expect(first.yaml.contains("hidden: [256]"))
        let second = try read(first.yaml)
        #expect(second.yaml == first.yaml)
    }

    @Test func everyFaultIsReportedWithLineAndNearestName() throws {
        let error = #expect(throws: BraidError.self) {
            try read(
                """
                modalities: {text: {weights: x, train: last:0}}
                fusion: {type: cross-attenton, dimm: 3}
                head: {dropout: 2}
                training: {epochs: many, momentum: 0.5, early_stopping: {pateince: 3}}
                """)
        }
        #expect(error?.code == .badConfiguration)
        let text = error?.description ?? ""
        for part in [
            "config.yaml:1: modalities.text.train: expected none, last:N, first:N, all, bitfit, norm, lora:R or ia3",
            "config.yaml:2: fusion.type: expected one of auto, concat",
            "config.yaml:2: fusion.dimm: unknown key; did you mean fusion.dim?",
            "config.yaml:3: head.dropout: expected a number from 0.0 to 0.95",
            "config.yaml:4: training.epochs: expected a whole number", "training.momentum: acts only with training.optimizer: sgd",
            "did you mean training.early_stopping.patience?",
        ] { #expect(text.contains(part), "\(part)\n\(text)") }
        #expect(error?.faults.count == 7)
    }

    @Test func overridesAct() throws {
        let configuration = try read(least, ["fusion.dim=32", "head.hidden=[8, 4]", "training.early_stopping.metric=loss"])
        #expect(configuration.fusion.dimension == 32)
        #expect(configuration.yaml.contains("hidden: [8, 4]"))
        #expect(configuration.training.earlyStoppingMetric == .loss)
        for bad in ["fusion.dims=3", "fusion.dim", "fusion.dim=zero", "=3"] {
            #expect(throws: BraidError.self, "\(bad)") { try read(least, [bad]) }
        }
    }

    @Test(arguments: [
        "", "- a\n", "a: [", "modalities: 3\n", "training: {epochs: 2}\n", "modalities: {image: {train: all}}\n", "\u{0}",
    ])
    func whatIsNoConfigurationIsRefused(_ yaml: String) throws {
        let error = #expect(throws: BraidError.self) { try read(yaml) }
        #expect(error?.code == .badConfiguration)
    }

    @Test func theShippedSchemaIsTheCurrentOne() throws {
        let shipped = try String(contentsOf: Fixtures.root.appendingPathComponent("docs/config.schema.json"), encoding: .utf8)
        #expect(try shipped == Configuration.jsonSchema(), "run: braid init --schema > docs/config.schema.json")
    }

    /// A manifest of pictures of this side, and what init makes of it.
    private func proposal(side: Int, atHand: [String]) throws -> String {
        for index in 0..<3 {
            let file = folder.url.appendingPathComponent("\(side)-\(index).png")
            try TestMedia.greyPNG(level: 90, seed: index, size: side - index).write(to: file)
        }
        let rows = (0..<3).map { "\(side)-\($0).png,\($0 == 0 ? "a" : "b")" }
        let manifest = try folder.write((["image,label"] + rows).joined(separator: "\n") + "\n", as: "pictures-\(side).csv")
        return try ConfigurationProposal.yaml(for: manifest, relativeTo: folder.url, atHand: atHand)
    }

    @Test func theEncoderProposedForPicturesSuitsTheirSize() throws {
        let all = ["all-MiniLM-L6-v2", "cnn10-sounds", "efficientnet-lite0", "resnet10-cifar-mnist"]
        let tiny = try proposal(side: 48, atHand: all)
        #expect(tiny.contains("# The first 3 pictures are at most 48 pixels wide and high: a small network for small pictures."))
        #expect(try read(tiny).modalities[.image]?.weights == "bundled:resnet10-cifar-mnist")
        let large = try proposal(side: 49, atHand: all)
        #expect(
            large.contains("# The first 3 pictures are up to 49 pixels wide or high: a network that was trained on the photographs")
        )
        #expect(try read(large).modalities[.image]?.weights == "bundled:efficientnet-lite0")
        #expect(large.contains("  #   timm/resnet50.a1_in1k, 102 MB, Apache-2.0\n"))
        // Not installed: the small one, which says so.
        let without = try proposal(side: 49, atHand: ["resnet10-cifar-mnist"])
        #expect(without.contains("bundled:efficientnet-lite0, which knows photographs, is not at hand on this machine:\n"))
        #expect(try read(without).modalities[.image]?.weights == "bundled:resnet10-cifar-mnist")
    }

    @Test func aProposalReadsTheSizeOfJPEGsAndSaysWhereNoneCanBeRead() throws {
        let photo = try folder.write("image,label\n\(Fixtures.url("images/exif6.jpg").path),a\nnone.png,b\n", as: "photo.csv")
        let yaml = try ConfigurationProposal.yaml(for: photo, relativeTo: folder.url, atHand: ["efficientnet-lite0"])
        #expect(yaml.contains("# The first picture is "))
        let lost = try folder.write("image,label\nnone.png,a\nnone.jpg,b\n", as: "lost.csv")
        let guess = try ConfigurationProposal.yaml(for: lost, relativeTo: folder.url, atHand: ["efficientnet-lite0"])
        #expect(guess.contains("# None of the first pictures could be read: "))
        #expect(try read(guess).modalities[.image]?.weights == "bundled:efficientnet-lite0")
    }

    @Test func proposalForAForeignManifestCanBeRead() throws {
        let manifest = try folder.write("photo,caption,category,price\na.png,hello,cat,3\nb.png,you,dog,4\n", as: "animals.csv")
        let yaml = try ConfigurationProposal.yaml(for: manifest, relativeTo: folder.url)
        let configuration = try read(yaml)
        #expect(
            configuration.columns == Columns(names: ["image": "photo", "text": "caption", "label": "category"], ignored: ["price"]))
        #expect(configuration.modalities.keys.sorted() == [.image, .text])
        #expect(configuration.manifest == "animals.csv")
        #expect(throws: BraidError.self) {
            try ConfigurationProposal.yaml(for: folder.write("a,b\n1,2\n", as: "n.csv"), relativeTo: folder.url)
        }
    }
}
