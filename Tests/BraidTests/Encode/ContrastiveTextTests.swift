import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The text towers of CLIP, SigLIP and CLAP against Transformers: scripts/references/contrastive.py.
@Suite struct ContrastiveTextTests {
    @Test(arguments: ["clip", "siglip", "clap"]) func embeddingsAgreeAloneAndInABatch(_ name: String) throws {
        let small = try ZeroShotCase(name)
        let folder = try TemporaryFolder()
        try small.write(to: folder.url)
        let encoder = try ModalityEncoder(
            .text, .init(encoder: nil, weights: folder.url.path, train: .none), relativeTo: folder.url)
        let prepared = try small.prompts.map { try encoder.frontEnd.prepare(.inline($0)) }
        let expected = try Fixtures.tensors("zero_shot/\(name).safetensors")
        try #expect(encoder.frontEnd.collate(prepared).values.array(of: Int64.self) == expected.tensor("ids").array(of: Int64.self))
        let embeddings = try expected.tensor("text")
        try withoutGradient {
            try expectClose(encoder.encode(prepared).pooled, embeddings, "batch")
            let alone = try Tensor.concatenate(prepared.map { try encoder.encode([$0]).pooled }, 0)
            try expectClose(alone, embeddings, "alone")
        }
        #expect(encoder.encoder.dimension == embeddings.shape[1])
    }

    @Test(arguments: [
        ("clip", ["text_model.final_layer_norm.bias", "text_model.final_layer_norm.weight", "text_projection.weight"]),
        (
            "clap",
            ["pooler.dense", "text_projection.linear1", "text_projection.linear2"].flatMap { ["\($0).bias", "\($0).weight"] }
        ),
    ]) func theyCanBeTrainedBlockByBlock(_ name: String, _ last: [String]) throws {
        let small = try ZeroShotCase(name)
        let folder = try TemporaryFolder()
        try small.write(to: folder.url)
        let encoder = try ModalityEncoder(
            .text, .init(encoder: nil, weights: folder.url.path, train: .last(1)), relativeTo: folder.url)
        let prepared = try small.prompts.map { try encoder.frontEnd.prepare(.inline($0)) }
        let expected = try Fixtures.tensors("zero_shot/\(name).safetensors").tensor("text")
        let between = try encoder.activations(prepared, behind: encoder.encoder.blocks.count - 1)
        let embeddings = try encoder.encode(
            activations: between, behind: encoder.encoder.blocks.count - 1, mode: .train
        ).pooled
        try expectClose(embeddings.detached(), expected, "train")
        // What stands behind the layers is the last block.
        let trained = encoder.parameters.entries.filter { $0.tensor.requiresGradient }
        #expect(trained.map(\.path).sorted() == last)
        try embeddings.sum().backward()
        for entry in trained { #expect(try entry.tensor.gradient() != nil, "\(entry.path)") }
    }

    @Test(arguments: ["clip", "siglip", "clap", "open_clip"]) func whatTheProjectionWasTrainedBehindIsKept(_ name: String) throws {
        let folder = try TemporaryFolder()
        try ZeroShotCase(name).write(to: folder.url)
        for options in [EncoderOptions(pooling: .mean), EncoderOptions(truncation: 8)] {
            let error = #expect(throws: BraidError.self) {
                try ModalityEncoder(
                    .text, .init(encoder: nil, weights: folder.url.path, train: .none, options: options), relativeTo: folder.url)
            }
            #expect(error?.description.contains("pooling and truncate_dim do not act on this text tower") == true)
        }
    }
}

private func expectClose(_ found: Tensor, _ expected: Tensor, _ what: String) throws {
    #expect(found.shape == expected.shape, "\(what)")
    let difference = try maxDifference(found, expected)
    #expect(difference <= 1e-5, "\(what)")
}

/// A small model with both towers, and what it is asked: fixtures/zero_shot.
struct ZeroShotCase {
    let architecture: SeededArchitecture
    let labels: [(name: String, prompts: [String])]
    /// Pictures, or sounds.
    let media: [URL]

    init(_ name: String) throws {
        let data = try Data(contentsOf: Fixtures.url("zero_shot/\(name).json"))
        let root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        var files = root["extra"] as? [String: Any] ?? [:]
        if let config = root["config"] as? [String: Any] { files["config.json"] = config }
        architecture = SeededArchitecture(entries: SeededArchitecture.entries(root["entries"]), files: files)
        let prompts = root["labels"] as? [String: [String]] ?? [:]
        labels = ["cat", "dog", "train"].map { ($0, prompts[$0] ?? []) }
        media = (root["media"] as? [String] ?? []).map(Fixtures.url)
    }

    var prompts: [String] { labels.flatMap(\.prompts) }

    func write(to folder: URL) throws { try architecture.write(to: folder) }
}
