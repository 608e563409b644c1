import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// Against the `tokenizers` package: scripts/references/tokenizer_fixtures.py.
@Suite struct TokenizerTests {
    private struct Row: Decodable {
        let text: String
        let ids: [Int32]
    }

    static let pipelines = [
        "bert-uncased", "bert-cased", "gpt2", "roberta", "qwen2", "llama3", "clip", "xlmr", "t5", "llama", "word-level",
    ]

    private func tokenizer(_ name: String) throws -> Tokenizer { try Tokenizer(Fixtures.url("tokenizers/\(name).json")) }

    private func rows(_ name: String) throws -> [Row] { try Fixtures.json("tokenizers/\(name)-ids.json") }

    @Test(arguments: pipelines) func idsAreThoseOfHuggingFace(_ name: String) throws {
        let tokenizer = try tokenizer(name)
        let rows = try rows(name)
        #expect(rows.count > 200)
        for row in rows { #expect(try tokenizer.encode(row.text) == row.ids, "\(row.text.debugDescription)") }
    }

    @Test(arguments: pipelines) func idsAreInRange(_ name: String) throws {
        let tokenizer = try tokenizer(name)
        #expect(try rows(name).allSatisfy { $0.ids.allSatisfy { (0...tokenizer.largestID).contains($0) } })
        #expect(tokenizer.vocabularySize == Int(tokenizer.largestID) + 1)
    }

    /// Cut to every length, on the side that the file says, the special tokens kept.
    @Test(arguments: ["bert-uncased", "xlmr", "llama3", "llama", "gpt2"]) func limitsAreKept(_ name: String) throws {
        let tokenizer = try tokenizer(name)
        let specials = try tokenizer.encode("")
        for row in try rows(name) where row.ids.count < 40 {
            for limit in specials.count...(row.ids.count + 1) {
                let ids = try tokenizer.encode(row.text, limit: limit)
                let (begin, end) = (Array(specials.prefix(1)), Array(specials.dropFirst()))
                let inner = row.ids.dropFirst(begin.count).dropLast(end.count)
                let room = max(0, limit - specials.count)
                let kept = tokenizer.truncation?.direction == .left ? inner.suffix(room) : inner.prefix(room)
                #expect(ids == begin + kept + end)
            }
        }
    }

    @Test func specialTokensAreNeverCut() throws {
        #expect(try tokenizer("bert-uncased").encode("some text", limit: 0) == [2, 3])
        #expect(try tokenizer("bert-uncased").encode("some text", limit: 1) == [2, 3])
        #expect(try tokenizer("gpt2").encode("some text", limit: 0) == [])
    }

    @Test func settingsAreThoseOfTheFile() throws {
        let bert = try tokenizer("bert-uncased")
        #expect(bert.padID == 0 && bert.paddingDirection == .right)
        #expect(bert.padding?.length == 128 && bert.padding?.multiple == nil)
        #expect(bert.truncation?.maxLength == 128 && bert.truncation?.direction == .right)
        let roberta = try tokenizer("roberta")
        #expect(roberta.padID == 1 && roberta.paddingDirection == .left && roberta.padding?.token == "<pad>")
        #expect(roberta.padding?.length == nil && roberta.padding?.multiple == 8)
        #expect(try tokenizer("llama3").truncation?.direction == .left)
        // No padding in the file: the id of the token that is made for it.
        let xlmr = try tokenizer("xlmr")
        #expect(xlmr.padding == nil && xlmr.padID == 1)
        #expect(try tokenizer("gpt2").summary == "byte-level BPE, 900 tokens")
        #expect(try tokenizer("llama").summary == "BPE, 1200 tokens")
        #expect(xlmr.summary == "Unigram, \(xlmr.vocabularySize) tokens")
    }

    @Test(arguments: ["bert-uncased", "gpt2", "xlmr"]) func manyThreadsMayEncodeAtOnce(_ name: String) async throws {
        let tokenizer = try tokenizer(name)
        let rows = try rows(name)
        let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try rows.count { try tokenizer.encode($0.text) != $0.ids } }
            }
            return try await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    /// 100 kB of one word, of one scalar or of nothing but marks take no longer than other texts of that length.
    @Test(.timeLimit(.minutes(1)), arguments: ["bert-uncased", "llama3", "clip", "xlmr", "llama"]) func longTextsTakeLinearTime(
        _ name: String
    ) throws {
        let tokenizer = try tokenizer(name)
        for unit in ["a", "ab", " ", "\n", "A", "1", "!", "中", "\u{301}", "e\u{301}\u{323}", "\u{1}", "👩\u{200D}", "<", "กิ"] {
            let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
            #expect(try tokenizer.encode(text, limit: 64).count <= 64)
            #expect(try tokenizer.encode(text).count <= 200_002)
        }
    }
}
