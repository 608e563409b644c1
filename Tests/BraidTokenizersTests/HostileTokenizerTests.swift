import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// Tokenizers that ask for time and memory, at their reading or at a text's.
@Suite struct HostileTokenizerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let vocabulary = #"{"type":"WordLevel","vocab":{"a":0,"[UNK]":1},"unk_token":"[UNK]"}"#

    private func open(_ fields: String, model: String = vocabulary) throws -> Tokenizer {
        try Tokenizer(folder.write(#"{\#(fields)"model":\#(model)}"#, as: "\(UUID().uuidString).json"))
    }

    /// - Parameter limit: Whose limit the message is to name.
    private func expectRefused(_ limit: String, _ what: String = "", _ body: () throws -> Void) {
        let clock = ContinuousClock()
        let took = clock.measure {
            let error = #expect(throws: BraidError.self, "\(limit)") { try body() }
            let message = error?.description ?? ""
            #expect(error?.code == .badData && message.contains("; the limit \(limit) is "), "\(message)")
            #expect(what.isEmpty || message.contains(what), "\(message)")
        }
        #expect(took < .seconds(20), "\(limit) \(what)")
    }

    private static func sequence(_ kind: String, _ list: String, _ parts: [String]) -> String {
        #""\#(kind)":{"type":"Sequence","\#(list)":[\#(parts.joined(separator: ","))]},"#
    }

    private static func replace(_ from: String, _ to: String) -> String {
        #"{"type":"Replace","pattern":{"String":"\#(from)"},"content":"\#(to)"}"#
    }

    /// The three of the issue: a letter becomes a thousand, three times.
    @Test func textsDoNotGrowWithoutEnd() throws {
        let thousand = Self.replace("a", String(repeating: "a", count: 1_000))
        let normalizers = Self.sequence("normalizer", "normalizers", [thousand, thousand, thousand])
        expectRefused("text-growth", "a text of 1 bytes") { _ = try open(normalizers).encode("a") }
        let bytes = #"{"type":"ByteLevel"}"#
        let doubled = Self.sequence("normalizer", "normalizers", [String](repeating: bytes, count: 40))
        expectRefused("text-growth") { _ = try open(doubled).encode("é") }
        let level = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#
        let words = Self.sequence("pre_tokenizer", "pretokenizers", [String](repeating: level, count: 40))
        expectRefused("text-growth") { _ = try open(words).encode("é") }
        let spread = #"{"type":"Split","pattern":{"String":"b"},"behavior":"Isolated","invert":false}"#
        let space = #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":false}"#
        let steps = Self.sequence("pre_tokenizer", "pretokenizers", (0..<45).flatMap { _ in [spread, space] })
        expectRefused("text-growth") { _ = try open(steps).encode(String(repeating: "b", count: 2_000)) }
        // What grows as published ones make texts grow goes on.
        let kept = Self.sequence("normalizer", "normalizers", [#"{"type":"NFKC"}"#, Self.replace(" ", "▁")])
        #expect(try !open(kept).encode(String(repeating: "\u{FDFA} ", count: 20_000)).isEmpty)
    }

    @Test func componentsAreCounted() throws {
        let nested = (0..<60).map { _ in #"{"type":"Sequence","normalizers":[{"type":"NFC"}]}"# }
        expectRefused("tokenizer-components", "100 normalizers") {
            _ = try open(Self.sequence("normalizer", "normalizers", nested))
        }
        let splits = [String](repeating: #"{"type":"WhitespaceSplit"}"#, count: 101)
        expectRefused("tokenizer-components", "100 pre-tokenizers") {
            _ = try open(Self.sequence("pre_tokenizer", "pretokenizers", splits))
        }
        let specials = [String](repeating: #"{"SpecialToken":{"id":"a","type_id":0}}"#, count: 101).joined(separator: ",")
        let template =
            #""post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},\#(specials)],"#
            + #""pair":[],"special_tokens":{"a":{"id":"a","ids":[0],"tokens":["a"]}}},"#
        expectRefused("tokenizer-components", "special tokens around a text") { _ = try open(template) }
    }

    @Test func textsToLookForAreShort() throws {
        let long = String(repeating: "a", count: 1_025)
        for fields in [
            Self.sequence("normalizer", "normalizers", [Self.replace(long, "b")]),
            Self.sequence("normalizer", "normalizers", [Self.replace("b", long)]),
            #""normalizer":{"type":"Prepend","prepend":"\#(long)"},"#,
            #""pre_tokenizer":{"type":"Split","pattern":{"String":"\#(long)"},"behavior":"Isolated","invert":false},"#,
            #""added_tokens":[\#(Self.added(long))],"#,
        ] { expectRefused("token-bytes") { _ = try open(fields) } }
        for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
            expectRefused("token-bytes") {
                _ = try open("", model: #"{"type":"BPE","vocab":{"a":0},"merges":[],"\#(field)":"\#(long)"}"#)
            }
        }
        expectRefused("token-bytes", "its token 0 has 1025 bytes") {
            _ = try open("", model: #"{"type":"WordLevel","vocab":{"\#(long)":0},"unk_token":"a"}"#)
        }
    }

    private static func added(_ content: String, normalized: Bool = false, strips: Bool = false) -> String {
        #"{"id":0,"content":"\#(content)","single_word":false,"lstrip":\#(strips),"rstrip":\#(strips),"normalized":\#(normalized),"special":true}"#
    }

    @Test func addedTokensAreCounted() throws {
        let many = (0..<20_001).map { Self.added("<\($0)>") }.joined(separator: ",")
        expectRefused("added-tokens", "has 20001") { _ = try open(#""added_tokens":[\#(many)],"#) }
        let grown = Self.sequence("normalizer", "normalizers", [Self.replace("a", String(repeating: "b", count: 1_000))])
        expectRefused("token-bytes", "once it is normalised") {
            _ = try open(grown + #""added_tokens":[\#(Self.added("aa", normalized: true))],"#)
        }
    }

    /// Each space is a token that takes all spaces behind it: the run is looked at once.
    @Test func strippingIsLinear() throws {
        let tokenizer = try open(#""added_tokens":[\#(Self.added(" ", strips: true))],"#)
        let took = try ContinuousClock().measure { _ = try tokenizer.encode(String(repeating: " ", count: 200_000)) }
        #expect(took < .seconds(20))
    }

    @Test func vocabulariesAreCounted() throws {
        var size = VocabularySize("f")
        for _ in 0..<15_625 { try size.add(1_024) }
        expectRefused("vocabulary-bytes", "f: tokens of more than 16000000 bytes") { try size.add(1_024) }
        let lines = try folder.write(String(repeating: "\n", count: 1_000_001), as: "vocab.txt")
        expectRefused("vocabulary", "more than 1000000 tokens") {
            _ = try Tokenizer(vocabulary: lines, settings: JSONObject([:], path: "s"))
        }
    }

    @Test func filesAreBounded() throws {
        let large = folder.url.appendingPathComponent("large")
        #expect(FileManager.default.createFile(atPath: large.path, contents: Data()))
        #expect(truncate(large.path, 3 << 30) == 0)
        let none = JSONObject([:], path: "s")
        expectRefused("tokenizer-bytes") { _ = try Tokenizer(large) }
        expectRefused("tokenizer-bytes") { _ = try Tokenizer(vocabulary: large, settings: none) }
        expectRefused("tokenizer-bytes") { _ = try Tokenizer(sentencePiece: large, family: .plain, settings: none) }
        expectRefused("json-bytes") { _ = try Tokenizer(bytePairs: large, merges: large, family: .gpt2, settings: none) }
        let vocabulary = try folder.write(#"{"<|endoftext|>": 0, "a": 1000000}"#, as: "vocab.json")
        expectRefused("vocabulary", "the token a has the id 1000000") {
            _ = try Tokenizer(bytePairs: vocabulary, merges: large, family: .gpt2, settings: none)
        }
        let deep = String(repeating: "[", count: 100_000)
        expectRefused("json-depth") { _ = try open(#""normalizer":\#(deep)\#(String(repeating: "]", count: 100_000)),"#) }
    }

    /// A double array whose every node leads to itself: a key without an end.
    @Test func charactersMapsThatLeadInCirclesEnd() throws {
        // The label of unit 1 is 1, and its offset leads back to the root.
        let units: [UInt32] = [0, 1 << 10 | 1, 0, 0]
        let bytes: [UInt8] =
            [16, 0, 0, 0] + units.flatMap { unit -> [UInt8] in (0..<4).map { UInt8(truncatingIfNeeded: unit >> (8 * UInt32($0))) } }
        let map = try CharacterMap(bytes) { JSONObject([:], path: "f").fault($0) }
        let text = [UInt8](repeating: 1, count: 2_000)
        text.withUnsafeBufferPointer { text in for start in text.indices { #expect(map.longest(text, from: start) == nil) } }
        let long: [UInt8] = [4, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 0x61, count: 2_000)
        expectRefused("token-bytes", "writes a text of 2000 bytes") {
            _ = try CharacterMap(long) { JSONObject([:], path: "f").fault($0) }
        }
    }

    @Test func theLargestSpecialTokenIsKnown() throws {
        let processor = #""post_processor":{"type":"BertProcessing","sep":["[SEP]",1000000000],"cls":["[CLS]",1]},"#
        let tokenizer = try open(processor)
        #expect(tokenizer.largestSpecial?.token == "[SEP]" && tokenizer.largestSpecial?.id == 1_000_000_000)
        #expect(try open("").largestSpecial == nil)
    }
}
