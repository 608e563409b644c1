import Foundation
import TestSupport

@testable import Braid

/// Weights folders of small encoders, whole: those of fixtures/architectures, and of texts a tokenizer too.
enum TinyEncoders {
    /// Writes the folder of a fixture, and gives what asks for its encoder.
    static func write(_ name: String, to folder: URL) throws -> EncoderSettings {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try SeededArchitecture(name).write(to: folder)
        let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "bright", "dark", "picture", "of", "noise"]
        let tokenizer: [String: Any] = [
            "version": "1.0", "added_tokens": [Any](), "normalizer": ["type": "Lowercase"], "pre_tokenizer": ["type": "Whitespace"],
            "model": [
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                "vocab": Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) }),
            ] as [String: Any],
        ]
        try JSONSerialization.data(withJSONObject: tokenizer).write(to: folder.appendingPathComponent("tokenizer.json"))
        return EncoderSettings(encoder: nil, weights: folder.path, train: .none)
    }

    /// The encoder of a fixture, trained as said.
    static func encoder(
        _ name: String, _ modality: Modality, in folder: URL, train: Trainable = .none, tuning: EncoderTuning = EncoderTuning()
    ) throws -> ModalityEncoder {
        try ModalityEncoder(modality, write(name, to: folder).with(train: train, tuning: tuning), relativeTo: folder)
    }
}
