import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The form that frozen encoders take (folded, packed, fused) against the form that is trained, for every architecture.
@Suite struct InferenceFormTests {
    /// One fixture of each architecture; layouts of keys make no difference here.
    private static let names = ArchitectureTests.all.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
        .filter { !$0.contains("scaled") && !$0.hasPrefix("torchvision-") }

    private struct Forms {
        let plain: any Encoder
        let fused: any Encoder
        let half: (any Encoder)?
        let input: EncoderInput
    }

    private func forms(_ name: String) throws -> Forms {
        let folder = try TemporaryFolder()
        try SeededArchitecture(name).write(to: folder.url)
        let config = try JSONObject(folder.url.appendingPathComponent("config.json"))
        let architecture = try #require(try config.architecture())
        let modality: Modality =
            ArchitectureTests.images.contains(name) ? .image : ArchitectureTests.texts.contains(name) ? .text : .audio
        let builder = try EncoderRegistry.builder(architecture, for: modality)
        let file = try SafetensorsFile(folder.url.appendingPathComponent("model.safetensors"))
        func encoder(_ precision: Precision?) throws -> any Encoder {
            let store = try ParameterStore(loading: file, layouts: builder.layouts(config), inference: precision)
            // Texts need a tokenizer for their front end, which plays no part here.
            if modality == .text {
                return try textEncoder(builder.name, Scope(store), config, TextPooling(modes: [.mean]))
            }
            let source = EncoderSource(scope: Scope(store), config: config, folder: folder.url, options: EncoderOptions())
            return try builder.build(source).0
        }
        let half = Precision.bf16.isSupported ? try encoder(.bf16) : nil
        return Forms(plain: try encoder(nil), fused: try encoder(.fp32), half: half, input: try input(name, modality))
    }

    private func input(_ name: String, _ modality: Modality) throws -> EncoderInput {
        let expected = try Fixtures.tensors("architectures/\(name).safetensors")
        switch modality {
        case .image: return EncoderInput(values: try expected.tensor("input"))
        case .text:
            let mask = try expected.tensor("mask").converted(to: .bool)
            let flags = try mask.converted(to: .uint8).array(of: UInt8.self)
            let lengths = stride(from: 0, to: flags.count, by: mask.shape[1]).map { start in
                flags[start..<start + mask.shape[1]].count { $0 != 0 }
            }
            return EncoderInput(values: try expected.tensor("ids"), mask: mask, lengths: lengths)
        default:
            let key = ["logmel", "patches", "examples", "features"].first { expected.entries[$0] != nil }
            let values = try expected.tensor(#require(key)).slice(0, 0..<1)
            guard key == "logmel" else { return EncoderInput(values: values) }
            // Beside itself cut short, so that padding counts.
            let frames = values.shape[1]
            return try EncoderInput(
                values: .concatenate([values, values], 0), mask: lengthMask([frames, max(1, frames * 3 / 4)], frames))
        }
    }

    @Test(arguments: names) func formsAgree(_ name: String) throws {
        let forms = try forms(name)
        let encode = { (encoder: any Encoder) in try withoutGradient { try encoder(forms.input, mode: .evaluate).inFloat32() } }
        let plain = try encode(forms.plain)
        // Twice: the first call packs, the second finds weights packed.
        for _ in 0..<2 {
            let fused = try encode(forms.fused)
            let scale = max(1, try plain.pooled.absolute().maximum([0, 1]).item())
            #expect(try maxDifference(fused.pooled, plain.pooled) <= 1e-4 * scale, "pooled")
            try #expect(
                maxDifference(real(fused), real(plain)) <= 1e-4 * max(1, real(plain).absolute().maximum([0, 1, 2]).item()), "tokens"
            )
        }
        guard let half = forms.half else { return }
        let rounded = try encode(half).pooled.normalized()
        let cosine = try (rounded * plain.pooled.normalized()).sum([1]).array() as [Float]
        for value in cosine { #expect(value > 0.99, "bf16") }
        #expect(try maxDifference(rounded, plain.pooled.normalized()) > 0, "bf16 must act")
    }

    /// Tokens, zeros where they are padding.
    private func real(_ encoding: Encoding) throws -> Tensor {
        guard let mask = encoding.tokenMask else { return encoding.tokens }
        return try encoding.tokens.where(mask.unsqueezed(-1), else: Tensor.zeros([]))
    }

    @Test func severalThreadsAndShapesShareOnePackedForm() throws {
        let encoder = try ModalityEncoder(
            .image, .init(encoder: nil, weights: Fixtures.url("resnet").path, train: .none), relativeTo: Fixtures.root)
        let inputs = try (0..<16).map { try Tensor.randomNormal([1 + $0 % 3, 3, 32 + 8 * ($0 % 4), 40]) }
        let expected = try inputs.map { input in
            try withoutGradient { try encoder.encoder(EncoderInput(values: input), mode: .evaluate).pooled }
        }
        let fresh = try ModalityEncoder(
            .image, .init(encoder: nil, weights: Fixtures.url("resnet").path, train: .none), relativeTo: Fixtures.root)
        DispatchQueue.concurrentPerform(iterations: inputs.count) { index in
            let found = onOneThread {
                try? withoutGradient { try fresh.encoder(EncoderInput(values: inputs[index]), mode: .evaluate).pooled }
            }
            let difference = found.flatMap { try? maxDifference($0, expected[index]) } ?? .infinity
            #expect(difference <= 1e-4)
        }
    }

    @Test func halfPrecisionIsRefusedWhereItCannotAct() throws {
        let weights = Fixtures.url("resnet").path
        let training = EncoderSettings(encoder: nil, weights: weights, train: .all, options: .init(precision: .bf16))
        let error = #expect(throws: BraidError.self) { try ModalityEncoder(.image, training, relativeTo: Fixtures.root) }
        #expect(error?.description.contains("precision: bf16 acts only on a frozen encoder") == true)
        let yaml = "modalities: {image: {weights: \(weights), train: all, precision: fp32}}"
        let refused = #expect(throws: BraidError.self) {
            try Configuration.parse(yaml, file: "c.yaml", folder: Fixtures.root)
        }
        #expect(refused?.description.contains("modalities.image.precision: acts only on a frozen encoder, train: none") == true)
    }
}
