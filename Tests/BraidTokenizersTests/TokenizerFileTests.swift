import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import BraidTokenizers

/// What is refused, word for word. `{file}` stands for the file's path.
@Suite struct TokenizerFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let model = #"{"type":"WordLevel","vocab":{"a":0,"[UNK]":1},"unk_token":"[UNK]"}"#

    private static func root(_ fields: String, model: String = model) -> String { #"{\#(fields)"model":\#(model)}"# }

    private static func bpe(_ fields: String) -> String {
        root("", model: #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[],"unk_token":null\#(fields)}"#)
    }

    private static let added =
        #""id":2,"content":"x","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true"#

    static let refused: [(String, String)] = [
        ("[]", "{file}: is not a JSON object: expected a { at byte 0"),
        (#"{"model":"#, "{file}: is not a JSON object: expected a value at byte 9"),
        (#"{"model": {"vocab": {"#, "{file}: is not a JSON object: expected a value at byte 21"),
        ("{}", "{file}: model: type is missing; expected BPE, Unigram, WordLevel or WordPiece"),
        (#"{"model":3}"#, "{file}: model must be an object"),
        (#"{"model":{"vocab":{},"vocab":{}}}"#, "{file}: is not a JSON object: expected vocab once only at byte 31"),
        (root(#""version":"2.0","#), "{file}: version 2.0 is not known; this version reads 1.0"),
        (
            root(#""speed":1,"#),
            "{file}: speed is not known; this version reads version, truncation, padding, added_tokens, normalizer, "
                + "pre_tokenizer, post_processor, decoder, model"
        ),
        (
            root("", model: #"{"type":"Morphemes","vocab":{}}"#),
            "{file}: model: model of type Morphemes is not known; this version reads BPE, Unigram, WordLevel, WordPiece"
        ),
        (
            root(#""normalizer":{"type":"Rot13"},"#),
            "{file}: normalizer: normalizer of type Rot13 is not known; this version reads BertNormalizer, ByteLevel, Lowercase, "
                + "NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip, StripAccents"
        ),
        (
            root(#""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"UnicodeScripts"}]},"#),
            "{file}: pre_tokenizer: pretokenizers[0]: pre-tokenizer of type UnicodeScripts is not known; this version reads "
                + "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, Metaspace, Punctuation, Sequence, Split, Whitespace, "
                + "WhitespaceSplit"
        ),
        (
            root(#""pre_tokenizer":{"type":"Split","pattern":{"Regex":"[a-z]+"},"behavior":"Isolated","invert":false},"#),
            "{file}: pre_tokenizer: pattern: Regex [a-z]+ is not known; this version reads literal texts, \\s+, \\s{2,}|[\\n\\r\\t], \" {2,}\" and the "
                + "patterns of GPT-2, GPT-4, GPT-4o, Llama 3, Qwen 2 and CLIP"
        ),
        (
            root(#""post_processor":{"type":"Poet"},"#),
            "{file}: post_processor: post-processor of type Poet is not known; this version reads BertProcessing, ByteLevel, "
                + "RobertaProcessing, Sequence, TemplateProcessing"
        ),
        (
            root(#""normalizer":{"type":"Strip","strip_left":true,"strip_right":true,"strip_middle":true},"#),
            "{file}: normalizer: strip_middle is not known; this version reads strip_left, strip_right"
        ),
        (
            root(#""normalizer":{"type":"NFC","form":"D"},"#),
            "{file}: normalizer: form is not known; this version reads no field but type"
        ),
        (
            root(#""pre_tokenizer":{"type":"Metaspace","replacement":"__"},"#),
            "{file}: pre_tokenizer: replacement must be one character"
        ),
        (
            root(#""pre_tokenizer":{"type":"Metaspace","replacement":"_","add_prefix_space":false,"prepend_scheme":"always"},"#),
            "{file}: pre_tokenizer: add_prefix_space is false but prepend_scheme is always"
        ),
        (
            root(#""normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},"#),
            "{file}: normalizer: precompiled_charsmap must be base64 of a compiled map"
        ),
        (
            root(#""normalizer":{"type":"Precompiled","precompiled_charsmap":"/////wAA"},"#),
            "{file}: normalizer: precompiled_charsmap says that its trie has 4294967292 bytes; it has 2"
        ),
        (root("", model: #"{"type":"WordLevel"}"#), "{file}: model: vocab is missing; expected an object of tokens and their ids"),
        (
            root("", model: #"{"type":"WordLevel","vocab":["a"]}"#),
            "{file}: model: vocab must be an object of tokens and their ids: expected a { at byte 37"
        ),
        (root("", model: #"{"type":"WordLevel","vocab":{}}"#), "{file}: model: vocab must not be empty"),
        (
            root("", model: #"{"type":"WordLevel","vocab":{"a":0},"unk_token":"?"}"#),
            "{file}: model: vocab lacks the unk_token ?"
        ),
        (
            root("", model: #"{"type":"Unigram","unk_id":7,"vocab":[["a",-1]]}"#),
            "{file}: model: unk_id is 7 but vocab has 1 tokens"
        ),
        (
            root("", model: #"{"type":"Unigram","unk_id":null,"vocab":[["a",-1]]}"#),
            "{file}: model: unk_id is missing; expected a whole number"
        ),
        (
            root("", model: #"{"type":"Unigram","unk_id":0,"vocab":[["a",-1e999]]}"#),
            "{file}: model: vocab must be a list of tokens and their scores: expected a smaller number at byte 58"
        ),
        (bpe(#","dropout":0.1"#), "{file}: model: dropout must be null: ids are not drawn by chance"),
        (
            #"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a c"]}}"#,
            "{file}: model: merges name the token c, which vocab lacks"
        ),
        (
            #"{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}"#,
            "{file}: model: the merge a is not two tokens and a space"
        ),
        (
            #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}"#,
            "{file}: model: merges must be a list of pairs of tokens: expected a , at byte 53"
        ),
        (
            root(#""added_tokens":[{\#(added),"bold":true}],"#),
            "{file}: added_tokens[0]: bold is not known; this version reads id, "
                + "content, single_word, lstrip, rstrip, normalized, special"
        ),
        (root(#""added_tokens":[3],"#), "{file}: added_tokens must be a list of objects"),
        (
            root(#""padding":{"strategy":"Widest","direction":"Right","pad_id":0,"pad_token":"a"},"#),
            "{file}: padding: strategy must be BatchLongest or {\"Fixed\": a length}"
        ),
        (
            root(#""truncation":{"max_length":8,"strategy":"OnlySecond","stride":0},"#),
            "{file}: truncation: strategy of type OnlySecond is not known; this version reads LongestFirst, OnlyFirst"
        ),
        (
            root(#""post_processor":{"type":"TemplateProcessing","single":[],"special_tokens":{}},"#),
            "{file}: post_processor: single must have the sequence A once and no other"
        ),
        (
            root(#""post_processor":{"type":"BertProcessing","cls":["a",-1],"sep":["b",1]},"#),
            "{file}: post_processor: cls must be a token and its id"
        ),
    ]

    @Test(arguments: refused) func faultyFilesAreRefusedInOneSentence(_ text: String, _ message: String) throws {
        let url = try folder.write(text, as: "\(UUID().uuidString).json")
        let error = #expect(throws: BraidError.self) { try Tokenizer(url) }
        #expect(error?.description == message.replacingOccurrences(of: "{file}", with: url.path))
    }

    @Test(arguments: ["-1", "2147483648", "1e3", "0.5", "\"0\"", "null", "99999999999999999999999"])
    func idsThatAreNoIdsAreRefused(_ id: String) throws {
        let text = Self.root("", model: #"{"type":"WordLevel","vocab":{"a":\#(id)},"unk_token":"a"}"#)
        let url = try folder.write(text, as: "\(UUID().uuidString).json")
        let error = #expect(throws: BraidError.self) { try Tokenizer(url) }
        #expect(error?.description.contains("expected a whole number from 0 to 2147483647 at byte 42") == true)
    }

    /// A file cut off anywhere is refused, and one with a byte changed is read or refused, but neither is fatal.
    @Test(arguments: ["bert-cased", "xlmr", "llama", "clip"]) func damagedFilesAreNotFatal(_ name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: Fixtures.url("tokenizers/\(name).json")))
        let url = folder.url.appendingPathComponent("\(UUID().uuidString).json")
        for step in 0..<60 {
            try Data(bytes.prefix(bytes.count * step / 60)).write(to: url)
            #expect(throws: BraidError.self) { try Tokenizer(url) }
            var changed = bytes
            changed[(step * 7919 * 131) % bytes.count] = UInt8(truncatingIfNeeded: step * 37)
            try Data(changed).write(to: url)
            if let tokenizer = try? Tokenizer(url) { _ = try? tokenizer.encode("½ Some ﬁne text, no more… 中文 e\u{301}") }
        }
    }

    @Test func halfASurrogatePairIsRefused() throws {
        let text = Self.root("", model: #"{"type":"WordLevel","vocab":{"\ud83d":0},"unk_token":"a"}"#)
        let url = try folder.write(text, as: "surrogate.json")
        let error = #expect(throws: BraidError.self) { try Tokenizer(url) }
        #expect(error?.description.contains("expected both halves of a surrogate pair") == true)
    }

    /// Swift's strings take these for one key.
    @Test func canonicallyEquivalentTokensKeepTheirIds() throws {
        let vocabulary = #"{"\u00e9":0,"e\u0301":1,"\u212b":2,"\u00c5":3,"A\u030a":4,"\ud83d\udc4d":5,"[UNK]":6}"#
        let text = Self.root("", model: #"{"type":"WordLevel","vocab":\#(vocabulary),"unk_token":"[UNK]"}"#)
        let tokenizer = try Tokenizer(folder.write(text, as: "equivalent.json"))
        let texts = ["\u{e9}", "e\u{301}", "\u{212b}", "\u{c5}", "A\u{30a}", "👍", "?"]
        #expect(try texts.map { try tokenizer.encode($0) } == (0..<7).map { [$0] })
        #expect(tokenizer.vocabularySize == 7)
    }

    /// The reference's JSON reader misses the nearest Double by a bit, and its scores with it.
    @Test func scoresAreThoseOfTheReference() throws {
        func read(_ text: String) throws -> Double {
            try Array(text.utf8).withUnsafeBufferPointer { bytes in
                var scanner = JSONScanner(bytes)
                return try scanner.double()
            }
        }
        #expect(try read("-11.123456954956055") == -11.123456954956056)
        #expect(try read("-9.299951553344727") == -9.299951553344728)
        #expect(try read("-12.345678901234567890123") == -12.345678901234567)
        #expect(try read("-13.977533340454102") == -13.977533340454102)
        #expect(try [read("0"), read("-0.0"), read("5e3"), read("25E-1")] == [0, 0, 5000, 2.5])
    }
}
