import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// OpenCLIP's own files: what they may ask for, and how they are found. Values: `ZeroShotTests`.
@Suite struct OpenCLIPTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func encoder(_ modality: Modality, _ weights: URL, train: Trainable = .none) throws -> ModalityEncoder {
        try ModalityEncoder(modality, .init(encoder: nil, weights: weights.path, train: train), relativeTo: folder.url)
    }

    @Test(arguments: [
        ("vision_cfg", "timm_model_name", "vit_base_patch16_siglip_224", "timm_model_name is vit_base_patch16_siglip_224"),
        ("vision_cfg", "attentional_pool", "parallel", "attentional_pool is parallel, which changes the network"),
        ("vision_cfg", "pool_type", "none", "pool_type none is not known"),
        ("text_cfg", "hf_model_name", "roberta-base", "hf_model_name is roberta-base, which changes the network"),
        ("text_cfg", "pool_type", "last", "pool_type is last; this version has argmax"),
    ]) func otherTowersAreRefused(_ tower: String, _ key: String, _ value: String, _ message: String) throws {
        let small = try ZeroShotCase("open_clip")
        try small.write(to: folder.url)
        var config = try #require(small.architecture.files["open_clip_config.json"] as? [String: Any])
        var model = try #require(config["model_cfg"] as? [String: Any])
        var part = try #require(model[tower] as? [String: Any])
        part[key] = value
        model[tower] = part
        config["model_cfg"] = model
        try JSONSerialization.data(withJSONObject: config).write(to: folder.url.appendingPathComponent("open_clip_config.json"))
        let error = #expect(throws: BraidError.self) { try encoder(tower == "text_cfg" ? .text : .image, folder.url) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    /// Folders of the hub hold Transformers' form too, under other names of files.
    @Test func theWeightsNameSaysWhichFormIsMeant() throws {
        try ZeroShotCase("open_clip").write(to: folder.url)
        let weights = folder.url.appendingPathComponent("open_clip_model.safetensors")
        try FileManager.default.moveItem(at: folder.url.appendingPathComponent("model.safetensors"), to: weights)
        let other = try #require(ZeroShotCase("clip").architecture.files["config.json"])
        try JSONSerialization.data(withJSONObject: other).write(to: folder.url.appendingPathComponent("config.json"))
        for place in [folder.url, weights] { #expect(try encoder(.image, place).architecture == "open_clip") }
    }

    /// Trained weights are written under the names they have here, beside the configuration that they came with.
    @Test(arguments: ["open_clip", "open_clip_custom"]) func trainedWeightsAreReadAgain(_ name: String) throws {
        let small = try ZeroShotCase(name)
        try small.write(to: folder.url)
        for modality in [Modality.image, .text] {
            let first = try encoder(modality, folder.url, train: .last(1))
            let prepared =
                try modality == .image
                ? small.media.map { try first.frontEnd.prepare(.file($0)) }
                : small.prompts.map { try first.frontEnd.prepare(.inline($0)) }
            let copy = folder.url.appendingPathComponent("copy-\(modality)")
            try first.write(to: copy)
            let again = try encoder(modality, copy)
            let embeddings = try [first, again].map { encoder in try withoutGradient { try encoder.encode(prepared).pooled } }
            #expect(try maxDifference(embeddings[0], embeddings[1]) <= 1e-5)
            try first.encode(prepared, mode: .train).pooled.power(2).sum().backward()
            for entry in first.parameters.entries where entry.tensor.requiresGradient {
                #expect(try entry.tensor.gradient() != nil, "\(entry.path)")
            }
            #expect(first.parameters.entries.contains { $0.tensor.requiresGradient && $0.path.contains("projection.weight") })
        }
    }
}
