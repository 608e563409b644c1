import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What frozen blocks give is computed once, and training learns the same from it.
@Suite struct FrozenPrefixTests {
    private let small: SmallRun
    private let text: String

    init() throws {
        small = try SmallRun()
        let folder = small.folder.url.appendingPathComponent("bert")
        _ = try TinyEncoders.write("hf-bert-gelu_new", to: folder)
        text = folder.path
        let rows = (0..<24).map { index in
            let words = index % 2 == 0 ? "a bright picture" : "dark noise of"
            let split = index < 12 ? "train" : index < 18 ? "val" : "test"
            let file = index % 5 == 4 ? "" : "\(index)"
            return
                "\(index),\(split),\(file).png,\(file).wav,\(words)\(String(repeating: " of noise", count: index % 4)),l\(index % 2)"
                .replacingOccurrences(of: ",.png,.wav", with: ",,")
        }
        try small.makeData()
        try small.folder.write("id,split,image,audio,text,label\n" + rows.joined(separator: "\n") + "\n", as: "manifest.csv")
    }

    /// What steps said at their end.
    private final class Endings: Reporter, StepProgress, @unchecked Sendable {
        var lines: [String] = []
        var isListening: Bool { true }
        func note(_ text: String) {}
        func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress { self }
        func expect(_ count: Int) {}
        func advance(by count: Int) {}
        func finish(_ note: String) { lines.append(note) }
    }

    private func train(_ name: String, _ overrides: [String]) throws -> (weights: [String: [Float]], notes: [String]) {
        let all = [
            "modalities.text.weights=\(text)", "modalities.text.train=last:1", "modalities.image.train=last:1",
            "modalities.audio.train=last:2", "embedding_cache=false",
        ]
        let reporter = Endings()
        let run = RunFolder(small.folder.url.appendingPathComponent(name))
        _ = try Training(small.configuration(all + overrides), into: run, reporter: reporter)()
        let file = try SafetensorsFile(run.checkpoint("last").appendingPathComponent("weights.safetensors"))
        return (try Dictionary(uniqueKeysWithValues: file.entries.keys.map { ($0, try file.tensor($0).array()) }), reporter.lines)
    }

    private func difference(_ left: [String: [Float]], _ right: [String: [Float]]) -> Float {
        left.map { name, values in zip(values, right[name] ?? []).map { abs($0 - $1) }.max() ?? .infinity }.max() ?? .infinity
    }

    @Test func trainingLearnsTheSame() throws {
        let plain = try train("plain", ["training.activation_cache.limit=0"])
        #expect(!plain.notes.contains { $0.contains("kept") })
        let kept = try train("kept", [])
        #expect(kept.notes.filter { $0.contains("kept") }.count == 3)
        #expect(difference(plain.weights, kept.weights) <= 1e-5)
        // Room for some media alone.
        let partly = try train("partly", ["training.activation_cache.limit=0.00005"])
        #expect(partly.notes.contains { $0.contains("have no room") })
        #expect(difference(plain.weights, partly.weights) <= 1e-5)
    }

    @Test(arguments: ["fp16", "bf16"]) func halfTheRoomIsNearby(_ format: String) throws {
        let exact = try train("exact", [])
        let half = try train("half", ["training.activation_cache.precision=\(format)"])
        #expect(exact.weights != half.weights)
        #expect(difference(exact.weights, half.weights) <= 0.05)
    }

    @Test func augmentedMediaAreNotKept() throws {
        let notes = try train("run", ["modalities.image.augment=light", "training.mixup=0.2"]).notes
        #expect(notes.filter { $0.contains("kept") }.count == 2)
    }

    /// Activations are found by what made them, counted, and deleted with the rest of the cache.
    @Test func theCacheShowsThem() throws {
        let folder = small.folder.url.appendingPathComponent("cache")
        let cache = EmbeddingCache(folder: folder.appendingPathComponent("embeddings"), limit: 1 << 30)
        let shard = cache.activations.folder.appendingPathComponent("shard")
        try FileManager.default.createDirectory(at: shard, withIntermediateDirectories: true)
        try Data("text: bert, blocks 1 to 2".utf8).write(to: shard.appendingPathComponent(CacheShard.labelName))
        try SafetensorsWriter.write(
            [("a", .zeros([1, 3])), ("b", .zeros([1, 3]))], to: shard.appendingPathComponent("x.safetensors"))
        let report = try EmbeddingCacheReport(cache)
        #expect(report.activations.map(\.embeddings) == [2] && report.embeddings == 0)
        #expect(report.table.contains("Activations of frozen blocks: 2 media"))
        #expect(report.table.contains("text: bert, blocks 1 to 2"))
        try cache.clear()
        #expect(try EmbeddingCacheReport(cache).activations.isEmpty)
    }

    @Test func whatCannotActIsRefused() throws {
        for key in ["limit=1", "precision=fp16"] {
            #expect(throws: BraidError.self) { try small.configuration(["training.activation_cache.\(key)"]) }
        }
        #expect(throws: BraidError.self) {
            try small.configuration([
                "modalities.image.train=last:1", "training.activation_cache.limit=0", "training.activation_cache.precision=fp16",
            ])
        }
    }

    /// Windows of a long recording are rows of one sample, and what is padding in a batch is not kept.
    @Test func recordingsOfAnyLengthAreKeptAlone() throws {
        let encoder = try ModalityEncoder(
            .audio, EncoderSettings(encoder: nil, weights: Fixtures.url("cnn10").path, train: .last(1)),
            relativeTo: small.folder.url)
        let media = try [0.4, 1.3].map { seconds in
            let url = small.folder.url.appendingPathComponent("\(seconds).wav")
            try TestMedia.tone(hertz: 500, seed: 1, seconds: seconds).write(to: url)
            return try encoder.frontEnd.prepare(Medium(url: url))
        }
        let whole = try withoutGradient { try encoder.encode(media) }
        for count in 1..<encoder.encoder.blocks.count {
            let (parts, again) = try withoutGradient {
                let parts = try encoder.activations(media, behind: count)
                return (parts, try encoder.encode(activations: parts, behind: count, mode: .evaluate))
            }
            #expect(parts.count == 2 && parts[0].shape[2] < parts[1].shape[2])
            #expect(try maxDifference(again.pooled, whole.pooled) <= 1e-5)
        }
    }
}
