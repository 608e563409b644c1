import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// Against the `tokenizers` package with all-MiniLM-L6-v2's own tokenizer.json: scripts/references/wordpiece.py.
@Suite struct WordPieceTests {
    private struct Entry: Decodable {
        let text: String
        let ids: [Int32]
    }

    private static let file = Fixtures.minilm.appendingPathComponent("tokenizer.json")

    @Test func idsAreThoseOfHuggingFace() throws {
        let tokenizer = try Tokenizer(Self.file)
        let entries: [Entry] = try Fixtures.json("wordpiece.json")
        #expect(entries.count > 1000)
        for entry in entries {
            #expect(try tokenizer.encode(entry.text, limit: 256) == entry.ids, "\(entry.text.debugDescription)")
        }
        #expect(tokenizer.summary == "WordPiece, 30522 tokens")
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
        let normalizer = try BertNormalizer(JSONObject(Self.file).object("normalizer"))
        let file: CodePoints = try Fixtures.json("wordpiece-codepoints.json")
        var wrong: [String] = []
        for range in file.ranges {
            guard case .number(let first) = range[0], case .number(let last) = range[1], case .name(let expected) = range[2] else {
                continue
            }
            for value in first...last where Unicode.Scalar(value) != nil {
                let found = Self.treatment(of: value, normalizer)
                if found != expected { wrong.append("U+\(String(value, radix: 16)): \(found), expected \(expected)") }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20))")
    }

    private static func treatment(of scalar: UInt32, _ normalizer: BertNormalizer) -> String {
        var text = Array("a".utf8)
        text.append(scalar: scalar)
        text.append(UInt8(ascii: "b"))
        var normalized: [UInt8] = []
        var pieces = Pieces()
        text.withUnsafeBufferPointer { normalizer.normalize($0, into: &normalized) }
        normalized.withUnsafeBufferPointer { pieces.reset($0, origin: 0) }
        BertPreTokenizer().preTokenize(&pieces)
        switch pieces.all.count {
        case 1: return normalized == Array("ab".utf8) ? "removed" : "joined"
        case 2: return normalized == Array("a b".utf8) ? "space" : "other"
        case 3: return "isolated"
        default: return "other"
        }
    }
}
