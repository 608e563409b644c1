import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

@Suite struct FrontEndTests {
    static let names = (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("images").path).sorted()) ?? []

    /// Against timm's evaluation transform: scripts/references/images.py.
    @Test(arguments: names) func imagesAgreeWithTimm(_ name: String) throws {
        let config = try JSONObject(Fixtures.url("resnet/config.json")).object("pretrained_cfg")
        let tensor = try ImageFrontEnd(timm: config).tensor(ImageDecoder.decode(Fixtures.url("images/\(name)")))
        let expected = try Fixtures.tensors("images.safetensors").tensor("\(name)/tensor")
        let difference = try (tensor - expected).absolute()
        guard name.hasSuffix("jpg") || name.hasSuffix("jpeg") else {
            #expect(try difference.maximum([0, 1, 2]).item() <= 1e-5)
            return
        }
        // libjpeg's builds differ. The normalised unit is 1 / 0.225 of a grey level's 255th.
        #expect(try difference.mean().item() <= 1.0 / 255 / 0.225, "mean")
        #expect(try difference.maximum([0, 1, 2]).item() <= 3.0 / 255 / 0.224, "maximum")
    }

    @Test func backgroundOfTransparentPicturesIsAFrontEndSetting() throws {
        let sample = Medium.file(Fixtures.url("images/rgba8.png"))
        let white = try ImageFrontEnd(timm: JSONObject(["input_size": [3, 24, 24]], path: ""))
        let black = try ImageFrontEnd(timm: JSONObject(["input_size": [3, 24, 24], "background": 0], path: ""))
        try #expect(maxDifference(white.prepare(sample), black.prepare(sample)) > 0.1)
        #expect(throws: BraidError.self) { try ImageFrontEnd(timm: JSONObject(["background": 256], path: "")) }
    }

    /// Against timm's and Transformers' transforms: scripts/references/image_front_ends.py.
    @Test func publishedImageSettingsAct() throws {
        let data = try Data(contentsOf: Fixtures.url("front_ends.json"))
        let cases = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        let expected = try Fixtures.tensors("front_ends.safetensors")
        #expect(cases.count == 48)
        for fields in cases {
            let row = JSONObject(fields, path: "front_ends.json")
            let (name, settings) = (try row.string("name"), try row.object("settings"))
            let image = try ImageDecoder.decode(Fixtures.url("images/\(row.string("image"))"))
            guard !["vit-unresized", "vit-shortest-edge"].contains(name) else {
                let error = #expect(throws: BraidError.self) { try ImageFrontEnd(transformers: settings) }
                #expect(error?.description.contains("pictures keep sizes of their own") == true)
                continue
            }
            let isTimm = try row.string("library") == "timm"
            let frontEnd = try isTimm ? ImageFrontEnd(timm: settings) : ImageFrontEnd(transformers: settings)
            let tensor = try frontEnd.tensor(image)
            #expect(try tensor.shape == row.ints("shape"), "\(name)")
            let step = try row.int("step")
            let places = try (1...2).map { side in
                try Tensor(
                    stride(from: 0, to: tensor.shape[side], by: step).map(Int64.init),
                    shape: [(tensor.shape[side] + step - 1) / step])
            }
            let shown = step == 1 ? tensor : try tensor.selected(1, places[0]).selected(2, places[1])
            let difference = try maxDifference(shown, expected.tensor(name))
            guard try row.string("image").hasSuffix("jpg") else {
                #expect(difference <= 1e-5, "\(name): \(difference)")
                continue
            }
            // Three grey levels at the least deviation in use, or of the raw values: libjpeg's builds differ by as much.
            let level = Double(frontEnd.scale) / Double(frontEnd.deviation.min() ?? 1) / (frontEnd.dividesTwice ? 0.473 : 1)
            #expect(difference <= 3 * level, "\(name): \(difference) of a grey level's \(level)")
        }
    }

    /// Against torchaudio and librosa: scripts/references/audio.py.
    @Test(arguments: [
        (
            "htk",
            [
                "sample_rate": 16_000, "window_size": 400, "hop_size": 160, "mel_bins": 64, "fmin": 0, "fmax": 8000,
                "mel_scale": "htk", "mel_norm": "none", "mel_filters": "torchaudio",
            ] as [String: any Sendable]
        ),
        (
            "slaney",
            [
                "sample_rate": 16_000, "window_size": 400, "fft_size": 512, "hop_size": 160, "mel_bins": 64, "fmin": 50,
                "fmax": 8000, "mel_filters": "torchaudio",
            ]
        ),
        ("panns", ["sample_rate": 16_000, "window_size": 512, "hop_size": 160, "mel_bins": 64, "fmin": 50, "fmax": 8000]),
    ])
    func logMelAgreesWithTorchaudio(_ name: String, _ settings: [String: any Sendable]) throws {
        let frontEnd = try LogMelFrontEnd(SpectrogramSettings(JSONObject(settings, path: name)))
        let file = try Fixtures.tensors("logmel.safetensors")
        let spectrogram = try frontEnd.spectrogram(file.tensor("waveform")).squeezed(0).transposed(0, 1)
        let expected = try file.tensor(name)
        #expect(spectrogram.shape == expected.shape)
        let difference = try maxDifference(spectrogram, expected)
        #expect(difference <= 1e-4, "\(name): \(difference) dB")
        #expect(try (spectrogram - expected).absolute().mean().item() <= 1e-4)
    }

    @Test(arguments: [
        ["window_size": 512, "hop_size": 160, "mel_bins": 64] as [String: any Sendable],
        ["sample_rate": 16_000, "window_size": 512, "hop_size": 0, "mel_bins": 64],
        ["sample_rate": 16_000, "window_size": 512, "hop_size": 160, "mel_bins": 64, "fmax": 9000],
        ["sample_rate": 16_000, "window_size": 512, "hop_size": 160, "mel_bins": 64, "mel_scale": "bark"],
    ])
    func impossibleFrontEndsAreRefused(_ settings: [String: any Sendable]) {
        #expect(throws: BraidError.self) { try SpectrogramSettings(JSONObject(settings, path: "config.json")) }
    }

    @Test func veryShortRecordingsArePadded() throws {
        let settings: [String: Any] = ["sample_rate": 8000, "window_size": 256, "hop_size": 80, "mel_bins": 32]
        let frontEnd = try LogMelFrontEnd(SpectrogramSettings(JSONObject(settings, path: "")), leastFrames: 16)
        #expect(try frontEnd.spectrogram(Tensor([Float(0.5)], shape: [1, 1])).shape[1] >= 16)
    }
}

/// A long recording's spectrogram, made block by block, is that of the whole.
@Suite struct SpectrogramBlocksTests {
    @Test(arguments: [SpectrogramSettings.panns, .vggish, .yamnet, Self.shortWindow]) func blocksMakeTheWhole(
        _ settings: SpectrogramSettings
    ) throws {
        let frontEnd = try LogMelFrontEnd(settings)
        var random = SystemRandomNumberGenerator()
        for count in [1, 700, 2000 * settings.hop + 12_345, 13_000 * settings.hop + 7] {
            let samples = (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &random) }
            guard count > settings.fft / 2 || !settings.isCentered else { continue }
            var blocks = SpectrogramBlocks(frontEnd)
            for start in stride(from: 0, to: count, by: 5000) { try blocks.take(Array(samples[start..<min(start + 5000, count)])) }
            let found = try blocks.finish()
            let expected = try frontEnd.spectrogram(Tensor(samples, shape: [1, count])).squeezed(0)
            #expect(found.shape == expected.shape)
            let difference = try (found - expected).absolute().maximum([0, 1]).item()
            #expect(difference < 2e-3, "\(count) samples: \(difference)")
        }
    }

    /// A window shorter than the transform, centred.
    static let shortWindow = SpectrogramSettings(
        sampleRate: 16_000, window: 400, fft: 512, hop: 160, melBins: 40, low: 20, high: 8000, logarithm: .natural(offset: 1e-4))
}
