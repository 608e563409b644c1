import Foundation
import TestSupport
import Testing

@testable import Braid

/// Against the `tokenizers` package with all-MiniLM-L6-v2's own tokenizer.json: scripts/references/wordpiece.py.
@Suite struct WordPieceTests {
    private struct Entry: Decodable {
        let text: String
        let ids: [Int32]
    }

    private let tokenizer: Tokenizer

    init() throws { tokenizer = try Tokenizer(Fixtures.minilm.appendingPathComponent("tokenizer.json")) }

    @Test func idsAreThoseOfHuggingFace() throws {
        let entries: [Entry] = try Fixtures.json("wordpiece.json")
        #expect(entries.count > 1000)
        for entry in entries { #expect(tokenizer.encode(entry.text, limit: 256) == entry.ids, "\(entry.text.debugDescription)") }
    }

    private struct CodePoints: Decodable {
        let ranges: [[Cell]]
        enum Cell: Decodable {
            case number(UInt32)
            case name(String)
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(UInt32.self) {
                    self = .number(number)
                } else {
                    self = .name(try container.decode(String.self))
                }
            }
        }
    }

    /// Every Unicode scalar between two letters: removed, a space, a word of its own, or part of the word.
    @Test func everyScalarIsTreatedAsTheReferenceTreatsIt() throws {
        // Words as ids: what is not one of these is unknown.
        let folder = try TemporaryFolder()
        let url = try folder.write(
            """
            {"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                            "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "model": {"type": "WordLevel", "vocab": {"ab": 0, "a": 1, "b": 2, "?": 3}, "unk_token": "?"}}
            """, as: "tokenizer.json")
        let words = try Tokenizer(url)
        let file: CodePoints = try Fixtures.json("wordpiece-codepoints.json")
        var wrong: [String] = []
        for range in file.ranges {
            guard case .number(let first) = range[0], case .number(let last) = range[1], case .name(let expected) = range[2] else {
                continue
            }
            for value in first...last {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let found = Self.treatment(of: scalar, words)
                if found != expected { wrong.append("U+\(String(value, radix: 16)): \(found), expected \(expected)") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20))")
    }

    private static func treatment(of scalar: Unicode.Scalar, _ tokenizer: Tokenizer) -> String {
        switch tokenizer.encode("a\(scalar)b") {
        case [0]: "removed"
        case [3]: "joined"
        case [1, 2]: "space"
        case [1, 3, 2], [1, 1, 2], [1, 2, 2]: "isolated"
        default: "other"
        }
    }

    @Test func limitsAreKept() {
        let long = String(repeating: "word ", count: 1000)
        #expect(tokenizer.encode(long, limit: 16).count == 16)
        #expect(tokenizer.encode(long, limit: 16).last == tokenizer.encode("", limit: 16).last)
        #expect(tokenizer.encode("", limit: 256) == [101, 102])
    }
}
