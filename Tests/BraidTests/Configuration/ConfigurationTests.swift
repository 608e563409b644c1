import Braid
import Foundation
import TestSupport
import Testing

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
            "config.yaml:1: modalities.text.train: expected none, last:N or all",
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
