import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// Each normalizer, pre-tokenizer and kind of added token by itself, in a tokenizer whose ids spell the bytes that reach the
/// model, with a "|" after each word: scripts/references/tokenizer_components.py.
@Suite struct ComponentTests {
    @Test func componentsDoWhatTheReferenceDoes() throws {
        let data = try Data(contentsOf: Fixtures.url("tokenizers/components.json"))
        let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let texts = try #require(file["texts"] as? [String])
        let components = try #require(file["components"] as? [[String: Any]])
        #expect(components.count > 40 && texts.count == 50)
        let folder = try TemporaryFolder()
        for component in components {
            let name = try #require(component["name"] as? String)
            let tokenizer = try tokenizer(component, in: folder)
            if let spelled = component["spelled"] as? [String] {
                for (text, expected) in zip(texts, spelled) {
                    #expect(try Self.spelled(tokenizer.encode(text)) == Array(expected.utf8), "\(name): \(text.debugDescription)")
                }
            } else {
                let ids = try #require(component["ids"] as? [[Int]])
                for (text, expected) in zip(texts, ids) {
                    #expect(try tokenizer.encode(text).map(Int.init) == expected, "\(name): \(text.debugDescription)")
                }
            }
        }
    }

    private func tokenizer(_ component: [String: Any], in folder: TemporaryFolder) throws -> Tokenizer {
        var vocabulary: [String: Int] = ["<unk>": 0]
        for byte in 0..<256 { vocabulary[String(format: "<0x%02X>", byte)] = byte + 1 }
        let model: [String: Any] = [
            "type": "BPE", "vocab": vocabulary, "merges": [String](), "unk_token": "<unk>", "byte_fallback": true,
            "end_of_word_suffix": "|",
        ]
        var root: [String: Any] = ["version": "1.0", "model": model]
        for key in ["normalizer", "pre_tokenizer", "added_tokens"] { root[key] = component[key] }
        let text = String(decoding: try JSONSerialization.data(withJSONObject: root), as: UTF8.self)
        return try Tokenizer(folder.write(text, as: "tokenizer.json"))
    }

    private static func spelled(_ ids: [Int32]) -> [UInt8] { ids.map { UInt8(truncatingIfNeeded: $0 - 1) } }
}
