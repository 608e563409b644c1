import Foundation
import TestSupport
import Testing

@testable import Braid

/// Against the `tokenizers` package with all-MiniLM-L6-v2's own tokenizer.json: scripts/references/wordpiece.py.
@Suite struct WordPieceTests {
    private struct Entry: Decodable {
        let text: String
        let ids: [Int]
    }

    private let tokenizer: WordPieceTokenizer

    init() throws { tokenizer = try WordPieceTokenizer(Fixtures.minilm.appendingPathComponent("tokenizer.json")) }

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
        let settings = try JSONObject(Fixtures.minilm.appendingPathComponent("tokenizer.json")).object("normalizer")
        let normalizer = try BertNormalizer(settings)
        let file: CodePoints = try Fixtures.json("wordpiece-codepoints.json")
        var wrong: [String] = []
        for range in file.ranges {
            guard case .number(let first) = range[0], case .number(let last) = range[1], case .name(let expected) = range[2] else {
                continue
            }
            for value in first...last {
                guard let scalar = Unicode.Scalar(value) else { continue }
                let found = Self.treatment(of: scalar, normalizer)
                if found != expected { wrong.append("U+\(String(value, radix: 16)): \(found), expected \(expected)") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20))")
    }

    private static func treatment(of scalar: Unicode.Scalar, _ normalizer: BertNormalizer) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: ["a", scalar, "b"])
        let words = normalizer.words(Substring(String(view)).unicodeScalars)
        switch words.count {
        case 1: return words[0] == ["a", "b"] ? "removed" : "joined"
        case 2: return words == [["a"], ["b"]] ? "space" : "other"
        case 3: return "isolated"
        default: return "other"
        }
    }

    @Test func limitsAreKept() {
        let long = String(repeating: "word ", count: 1000)
        #expect(tokenizer.encode(long, limit: 16).count == 16)
        #expect(tokenizer.encode(long, limit: 16).last == tokenizer.encode("", limit: 16).last)
        #expect(tokenizer.encode("", limit: 256) == [101, 102])
    }

    @Test func otherTokenizersAreRefusedByName() throws {
        let folder = try TemporaryFolder()
        let url = try folder.write(
            #"{"model":{"type":"BPE"},"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"}}"#,
            as: "tokenizer.json")
        let error = #expect(throws: BraidError.self) { try WordPieceTokenizer(url) }
        #expect(error?.description.contains("model of type BPE is not known") == true)
    }
}
