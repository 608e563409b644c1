import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What is trained of the Transformers, and what they compute in where they are frozen: a small fixture of each architecture.
@Suite struct TransformerAdapterTests {
    private static let pictures = [
        "hf-vit", "hf-deit-teacher", "hf-dinov2-gated", "hf-dinov2-registers", "hf-clip-vision", "hf-siglip-vision", "hf-swin",
        "hf-convnextv2_atto", "timm-vit_base_patch16_siglip_512", "timm-vit_base_patch32_clip_quickgelu_224",
        "timm-swin_tiny_patch4_window7_224",
    ]
    private static let texts = ["hf-electra", "hf-albert", "hf-modernbert", "hf-nomic_bert", "hf-deberta-v3", "hf-qwen3"]
    private static let names = pictures + texts + AudioTransformersTests.names.sorted()

    /// A tokenizer of two words, for texts that are ids already.
    private static var tokenizer: [String: Any] {
        [
            "added_tokens": [Any](), "normalizer": NSNull(), "pre_tokenizer": ["type": "WhitespaceSplit"],
            "post_processor": NSNull(),
            "model": [
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                "vocab": ["[UNK]": 0, "word": 1],
            ] as [String: Any],
        ]
    }

    private struct Case {
        let modality: Modality
        let folder: TemporaryFolder
        let input: EncoderInput

        init(_ name: String) throws {
            folder = try TemporaryFolder()
            var seeded = try SeededArchitecture(name)
            modality = pictures.contains(name) ? .image : texts.contains(name) ? .text : .audio
            if modality == .text {
                seeded = SeededArchitecture(
                    entries: seeded.entries, files: seeded.files.merging(["tokenizer.json": tokenizer]) { given, _ in given })
            }
            try seeded.write(to: folder.url)
            let expected = try Fixtures.tensors("architectures/\(name).safetensors")
            switch modality {
            case .image: input = EncoderInput(values: try expected.tensor("input"))
            case .text:
                let mask = try expected.tensor("mask").converted(to: .bool)
                let lengths = try mask.converted(to: .int64).sum([1]).array(of: Int64.self).map(Int.init)
                input = EncoderInput(values: try expected.tensor("ids"), mask: mask, lengths: lengths)
            default: input = EncoderInput(values: try expected.tensor("features").slice(0, 0..<1))
            }
        }

        func encoder(_ train: Trainable, _ options: EncoderOptions = EncoderOptions()) throws -> ModalityEncoder {
            try ModalityEncoder(
                modality, .init(encoder: nil, weights: folder.url.path, train: train, options: options), relativeTo: folder.url)
        }
    }

    /// The layers that peft adapts are there, begin by changing nothing, and learn; the weights below stay.
    @Test(arguments: names) func adaptersLearn(_ name: String) throws {
        let small = try Case(name)
        let frozen = try withoutGradient { try small.encoder(.none).encoder(small.input, mode: .evaluate).inFloat32().pooled }
        let architecture = try small.encoder(.none).architecture
        let targets = try EncoderRegistry.builder(architecture, for: small.modality).adapters
        for (train, wanted) in [(Trainable.lora(LowRank(rank: 2), targets: []), targets.lowRank), (.ia3, targets.scaled)] {
            let encoder = try small.encoder(train)
            let own = encoder.parameters.entries.filter { $0.role == .adapter }
            let trained = encoder.parameters.entries.filter { $0.tensor.requiresGradient }
            #expect(!own.isEmpty && trained.map(\.path) == own.map(\.path), "\(train.text)")
            // Some of the names are those of other layouts: queries and values, or the layer that makes both.
            let layers = own.map {
                $0.path.split(separator: ".").dropLast($0.path.contains("lora_") ? 2 : 1).joined(separator: ".")
            }
            #expect(
                wanted.map { names in layers.allSatisfy { AdapterTargets.ends($0, names) } } ?? true, "\(train.text): \(layers)")
            // In the form that is trained, in which modes differ by dropout alone.
            let before = try encoder.encoder(small.input, mode: .evaluate).pooled
            let scale = max(1, try frozen.absolute().maximum([0, 1]).item())
            try #expect(maxDifference(before.detached(), frozen) <= 1e-4 * scale, "\(train.text) changes nothing at first")
            let weights = try encoder.parameters.entries.filter { $0.role != .adapter && $0.kind == .parameter }
                .map { ($0, try $0.tensor.detached().cloned()) }
            // LoRA's first factor has no gradient before the second one has left 0.
            for _ in 0..<2 {
                for entry in own { try entry.tensor.clearGradient() }
                let pooled = try encoder.encoder(small.input, mode: .evaluate).pooled
                try (pooled - Tensor.full([], 0.5)).power(2).mean().backward()
                try withoutGradient {
                    for entry in own {
                        let gradient = try #require(try entry.tensor.gradient(), "\(train.text): \(entry.path)")
                        let length = max(1e-12, try gradient.absolute().mean().item())
                        try entry.tensor.copyInPlace(from: entry.tensor - gradient.scaled(by: 0.02 / length))
                    }
                }
            }
            let after = try withoutGradient { try encoder.encoder(small.input, mode: .evaluate).pooled }
            try #expect(maxDifference(after, frozen) > 1e-4 * scale, "\(train.text) learns")
            for (entry, old) in weights { try #expect(maxDifference(entry.tensor.detached(), old) == 0, "\(entry.path)") }
        }
    }

    /// `bf16` acts on every frozen Transformer; `int8` on BERT's relatives, and is refused elsewhere.
    @Test(arguments: names) func precisionsActOrAreRefused(_ name: String) throws {
        let small = try Case(name)
        func pooled(_ options: EncoderOptions) throws -> Tensor {
            try withoutGradient { try small.encoder(.none, options).encoder(small.input, mode: .evaluate).inFloat32().pooled }
        }
        let plain = try pooled(EncoderOptions())
        if Precision.bf16.isSupported {
            let half = try pooled(EncoderOptions(precision: .bf16))
            try #expect(maxDifference(half, plain) > 0)
            for cosine in try (half.normalized() * plain.normalized()).sum([1]).array(of: Float.self) { #expect(cosine > 0.99) }
        }
        guard Precision.int8.isSupported else { return }
        if name == "hf-electra" {
            try #expect(maxDifference(pooled(EncoderOptions(precision: .int8)), plain) > 0)
        } else {
            let error = #expect(throws: BraidError.self) { try small.encoder(.none, EncoderOptions(precision: .int8)) }
            #expect(error?.description.contains("precision: int8 is for bert, distilbert, mpnet") == true)
        }
    }

    /// The text towers of CLIP and SigLIP.
    @Test(arguments: ["clip", "siglip"]) func textTowersTakeAdapters(_ name: String) throws {
        let folder = try TemporaryFolder()
        let small = try ZeroShotCase(name)
        try small.write(to: folder.url)
        for train in [Trainable.lora(LowRank(rank: 2), targets: []), .ia3] {
            let encoder = try ModalityEncoder(
                .text, .init(encoder: nil, weights: folder.url.path, train: train), relativeTo: folder.url)
            let own = encoder.parameters.entries.filter { $0.role == .adapter }
            try encoder.encode(small.prompts.map { try encoder.frontEnd.prepare(.inline($0)) }, mode: .train).pooled.sum()
                .backward()
            #expect(!own.isEmpty && own.allSatisfy { (try? $0.tensor.gradient()) != nil }, "\(train.text)")
        }
    }
}
