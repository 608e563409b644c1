import BraidSupport
import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Front ends that would need all memory, and what they do with media of any size.
@Suite struct FrontEndLimitTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func source(_ config: String) throws -> EncoderSource {
        EncoderSource(
            scope: Scope(ParameterStore.outline()), config: try JSONObject(folder.write(config, as: "config.json")),
            folder: folder.url, options: EncoderOptions())
    }

    @Test(arguments: [
        (#"{"pretrained_cfg": {"input_size": [3, 2048, 2049]}}"#, "4196352 pixels (2048×2049)"),
        (#"{"pretrained_cfg": {"input_size": [3, 65536, 65536], "crop_mode": "squash", "crop_pct": 1.0}}"#, "4294967296 pixels"),
        (#"{"model_cfg": {"vision_cfg": {"image_size": 8192}}}"#, "67108864 pixels"),
    ]) func pictures(_ config: String, _ message: String) throws {
        let error = #expect(throws: BraidError.self) { try ImageFrontEnd(source(config)) }
        let text = error?.description ?? ""
        #expect(text.contains("pictures of \(message)") && text.contains("the limit input-pixels is 4194304"), "\(text)")
    }

    /// Of very large pictures fewer are prepared at a time; of others as many as before.
    @Test func windowsOfLargePicturesAreSmaller() throws {
        var front = ImageFrontEnd.torchvision(resize: 256, crop: 224, .bilinear)
        let settings = EncoderSettings(encoder: "resnet18", weights: Fixtures.url("resnet").path, train: .none)
        let encoder = try ModalityEncoder(.image, settings.with(), relativeTo: folder.url)
        #expect(encoder.windowSize == 32 && front.inputPixels == 224 * 224)
        for (side, size) in [(224, 32), (518, 32), (836, 32), (1024, 21), (2048, 5), (4096, 1)] {
            front.crop = ImageFrontEnd.Crop(height: side, width: side)
            #expect(ModalityEncoder.windowSize(32, pixels: front.inputPixels) == size, "\(side)")
        }
        front.crop = nil
        front.resize = .none
        #expect(front.inputPixels == nil && ModalityEncoder.windowSize(32, pixels: nil) == 32)
    }

    /// A text that is longer than any encoder takes is cut before it is tokenized, and gives the same tokens.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: Fixtures.minilm.path))) func longTexts() throws {
        let source = EncoderSource(
            scope: Scope(ParameterStore.outline()), config: try JSONObject(Fixtures.minilm.appendingPathComponent("config.json")),
            folder: Fixtures.minilm, options: EncoderOptions())
        let front = try TextFrontEnd(source, vocabulary: 30_522, longestText: 512)
        let words = String(repeating: "gr\u{FC}ne Wiesen ", count: 200_000)
        #expect(words.unicodeScalars.count > Limit.textCharacters.value)
        let (whole, part) = (try front.tensor(words), try front.tensor(String(words.prefix(20_000))))
        #expect(whole.shape == part.shape && whole.count == front.maxLength)
        #expect(try whole.array(of: Int64.self) == part.array(of: Int64.self))
    }

    @Test(arguments: [
        #"{"sample_rate": 16000, "window_size": 65536, "hop_size": 1, "mel_bins": 64}"#,
        #"{"sample_rate": 16000, "window_size": 65536, "hop_size": 32768, "mel_bins": 64}"#,
    ]) func spectrograms(_ settings: String) throws {
        let error = #expect(throws: BraidError.self) { try SpectrogramSettings(JSONObject(text: settings, path: "config.json")) }
        #expect(error?.description.contains("the limit window-values is 50000000") == true, "\(error?.description ?? "")")
    }

    @Test func labelsAreReadFromRegularFilesAlone() throws {
        let pipe = folder.url.appendingPathComponent("labels.txt")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        let error = #expect(throws: BraidError.self) { try ZeroShotLabels(pipe.path) }
        #expect(error?.description == "\(pipe.path): --labels cannot be read: is not a regular file")
        let many = try folder.write((0..<10_001).map { "label \($0)\n" }.joined(), as: "many.txt")
        let refusal = #expect(throws: BraidError.self) { try ZeroShotLabels(many.path) }
        #expect(refusal?.description.hasPrefix("\(many.path): --labels has 10001 classes; the limit classes is 10000") == true)
    }
}
