import BraidSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Configurations of a few lines that would ask for all time or memory: each is refused before anything of that size is made.
@Suite struct HostileDocumentTests {
    private func refusal(_ yaml: String, _ overrides: [String] = []) -> String {
        let clock = ContinuousClock()
        var message = ""
        let time = clock.measure {
            do {
                _ = try Configuration.parse(
                    yaml, file: "c.yaml", folder: FileManager.default.temporaryDirectory, overrides: overrides)
            } catch { message = "\(error)" }
        }
        #expect(time < .seconds(20), "took \(time), in a build without optimisation")
        return message
    }

    private static let tooMany = "more than 100000 keys, values and lists, aliases counted; the limit yaml-nodes is 100000"

    /// Each line ten times the one before.
    @Test(arguments: ["[*aPREVIOUS, *aPREVIOUS, *aPREVIOUS, *aPREVIOUS]", "{x: *aPREVIOUS, y: *aPREVIOUS, z: *aPREVIOUS}"])
    func aliasesOfAliases(_ line: String) {
        let lines = (1..<40).map { "a\($0): &a\($0) \(line.replacingOccurrences(of: "PREVIOUS", with: "\($0 - 1)"))" }
        #expect(refusal("a0: &a0 {x: 1, y: 2}\n" + lines.joined(separator: "\n")).hasPrefix("c.yaml: \(Self.tooMany)"))
    }

    @Test func aliasesAsKeysAndMerged() {
        let keys = (1..<40).map { "? &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n: 1" }
        #expect(refusal("a0: &a0 x\n" + keys.joined(separator: "\n")).contains(Self.tooMany))
        let merged = (1..<40).map { "a\($0): &a\($0)\n  <<: *a\($0 - 1)\n  b\($0): {<<: *a\($0 - 1)}" }
        #expect(refusal("a0: &a0 {x: 1}\n" + merged.joined(separator: "\n")).contains(Self.tooMany))
    }

    @Test func fewAliasesAreWhatTheyNameAndCountAsThat() throws {
        let yaml =
            "fusion: {dim: &size 32}\nhead: {hidden: [*size, *size]}\nmodalities: {image: {encoder: resnet18, weights: random}}"
        let configuration = try Configuration.parse(
            yaml + "\n" + "training: {epochs: 1}", folder: FileManager.default.temporaryDirectory)
        #expect(configuration.fusion.dimension == 32)
        #expect(DocumentSize(yaml, most: 1000).nodes == 19)
        #expect(DocumentSize("a: &a [1, 2, 3]\nb: [*a, *a]", most: 1000).nodes == 16)
        #expect(DocumentSize("a: &a [1, 2, 3]\nb: [*a, *a]", most: 5).nodes > 5)
        #expect(DocumentSize("a: [", most: 5).nodes <= 5)
    }

    @Test func nestedWithoutEnd() {
        for opening in ["[", "{a: ", "- "] {
            #expect(refusal(String(repeating: opening, count: 50_000)).hasPrefix("c.yaml: is not valid YAML"))
        }
        let long = String(repeating: "a", count: 100_000)
        #expect(refusal("? \(long)\n: {b: 1, c: {d: 2}}").contains("a key of more than 1000 bytes"))
        let deep = (0..<600).map { _ in "ab: {" }.joined() + String(repeating: "}", count: 600)
        #expect(refusal(deep).contains("a key of more than 1000 bytes"))
    }

    @Test func veryManyKeysAndNames() {
        #expect(refusal((0..<5000).map { "key\($0): 1" }.joined(separator: "\n")).contains("unknown key"))
        let space = (0..<3000).map { "fusion.k\($0): [1]" }.joined(separator: "\n    ")
        #expect(refusal("search:\n  space:\n    " + space).contains("is no key of fusion, head, heads or training"))
        let modalities = (0..<1000).map { "  m\($0): {kind: text, weights: random}" }.joined(separator: "\n")
        #expect(refusal("modalities:\n" + modalities).contains("modalities has 1000 names; expected at most 256"))
        let inside = (0..<4000).map { "k\($0): 1" }.joined(separator: ", ")
        #expect(refusal("modalities: {strange: {\(inside)}}").contains("a modality of another name says which it is"))
        let columns = (0..<5000).map { "c\($0)" }.joined(separator: ", ")
        #expect(
            refusal("modalities: {tabular: {numbers: [\(columns)], categories: [c5]}}").contains("column c5 is listed twice"))
    }

    @Test func veryManyLayers() {
        let sizes = Array(repeating: "8", count: 90_000).joined(separator: ", ")
        let found = refusal("modalities: {image: {encoder: resnet18, weights: random}}\nhead: {hidden: [\(sizes)]}")
        #expect(found.contains("head.hidden: a list of 90000 sizes; the limit layers is 1000"), "\(found.prefix(300))")
    }

    /// A fusion, heads, and an encoder with drawn weights, none of which is made.
    @Test(arguments: [
        "fusion: {type: concat, dim: 65536}", "fusion: {type: low-rank, dim: 16384, rank: 4096}",
        "fusion: {type: film, dim: 65536, layers: 100}", "fusion: {type: bottleneck, dim: 65536, heads: 4}",
        "fusion: {type: cross-attention, dim: 16384, layers: 100}", "fusion: {type: simbamm, dim: 65536}",
        "fusion: {type: concat, dim: 8}\nhead: {hidden: [65536, 65536]}",
        "fusion: {type: late}\nhead: {hidden: [65536, 65536, 65536]}",
    ])
    func sizesThatAskForAllMemory(_ lines: String) throws {
        let small = try SmallRun()
        try small.makeData(8)
        let configuration = try Configuration.parse(
            "manifest: manifest.csv\nmodalities: {image: {weights: \"\(Fixtures.url("resnet").path)\"}, audio: {weights: \"\(Fixtures.url("cnn10").path)\"}}\n"
                + lines, folder: small.folder.url)
        let run = RunFolder(small.folder.url.appendingPathComponent("run"))
        let error = #expect(throws: BraidError.self) { try Training(configuration, into: run)() }
        let message = error?.description ?? ""
        #expect(
            message.contains("makes it more than 1000000000 values of new weights; the limit parameters is 1000000000"),
            "\(message)")
    }

    @Test(arguments: [
        (
            "text",
            #"{"model_type": "bert", "hidden_size": 65536, "num_attention_heads": 4, "num_hidden_layers": 1000, "intermediate_size": 10000000, "vocab_size": 30522}"#
        ),
        (
            "image",
            #"{"model_type": "vit", "hidden_size": 98304, "num_attention_heads": 4, "num_hidden_layers": 1000, "intermediate_size": 100000}"#
        ),
        (
            "audio",
            #"{"model_type": "whisper", "d_model": 1000000, "encoder_layers": 1000, "encoder_attention_heads": 4, "encoder_ffn_dim": 1000000}"#
        ),
    ])
    func drawnEncodersThatAskForAllMemory(_ modality: String, _ config: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(config, as: "config.json")
        try folder.write("{}", as: "preprocessor_config.json")
        let files = FileManager.default
        try files.copyItem(
            at: Fixtures.minilm.appendingPathComponent("tokenizer.json"), to: folder.url.appendingPathComponent("tokenizer.json"))
        let settings = EncoderSettings(encoder: folder.url.path, weights: "random", train: .none)
        let kind = try #require(Modality(rawValue: modality))
        let error = #expect(throws: BraidError.self) { try ModalityEncoder(kind, settings, relativeTo: folder.url) }
        let message = error?.description ?? ""
        #expect(message.contains("the limit parameters is") || message.contains("the limit positions is"), "\(message)")
    }

    @Test func adaptersThatAreLargerThanTheirLayers() throws {
        let folder = try TemporaryFolder()
        let settings = try TinyEncoders.write("hf-bert", to: folder.url).with(
            train: .lora(LowRank(rank: 1_000_000), targets: []), tuning: EncoderTuning())
        let error = #expect(throws: BraidError.self) { try ModalityEncoder(.text, settings, relativeTo: folder.url) }
        #expect(error?.description.hasPrefix("lora:1000000: the adapter of ") == true, "\(error?.description ?? "")")
    }

    /// Counting stops at the layer that is too much.
    @Test func anOutlineCountsWithoutMemory() throws {
        let store = ParameterStore.outline(most: 1000)
        _ = try Scope(store).parameter("a", [30, 30], .constant(0))
        let error = #expect(throws: BraidError.self) { try Scope(store).parameter("b", [Int.max, 8], .constant(0)) }
        #expect(error?.description.hasPrefix("b, 9223372036854775807 × 8, makes it more than 1000 values of new weights") == true)
        #expect(throws: BraidError.self) { try Scope(store).parameter("c", [101], .constant(0)) }
    }
}
