internal import BraidSupport
internal import Foundation

extension TokenizerFile {
    /// What Transformers' BertTokenizer makes of a `vocab.txt`, a token a line, and a `tokenizer_config.json`: the
    /// `tokenizer.json` that it would save.
    init(vocabulary url: URL, _ settings: JSONObject) throws {
        let data = try InputFile.bytes(of: url, within: .tokenizerBytes)
        guard let text = String(validating: data, as: UTF8.self) else {
            throw BraidError(.badData, "\(url.path): is not UTF-8; a vocab.txt is")
        }
        let tokens = try Self.lines(text, url)
        let (added, ids) = try Self.added(settings, tokens, Self.bert)
        let special = { (name: String) throws -> (token: String, id: Int) in
            let token = try Self.special(name, settings, Self.bert)
            guard let id = ids[Array(token.utf8)] else { throw BraidError(.badData, "\(url.path): lacks the \(name) \(token)") }
            return (token, id)
        }
        let (sep, cls) = (try special("sep_token"), try special("cls_token"))
        let parts: [String: Any] = [
            "added_tokens": added,
            "normalizer": [
                "type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": try settings.bool("tokenize_chinese_chars", true),
                "strip_accents": settings.fields["strip_accents"] ?? NSNull(),
                "lowercase": try settings.bool("do_lower_case", true),
            ],
            "pre_tokenizer": ["type": "BertPreTokenizer"],
            "post_processor": ["type": "BertProcessing", "sep": [sep.token, sep.id], "cls": [cls.token, cls.id]],
        ]
        let model: [String: Any] = [
            "type": "WordPiece", "unk_token": try special("unk_token").token, "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
        ]
        // The vocabulary by hand: to Swift's strings, and so to dictionaries, é in one scalar and in two are the same.
        var json = Array(try JSONSerialization.data(withJSONObject: parts).dropLast()) + Array(#","model":"#.utf8)
        json += try JSONSerialization.data(withJSONObject: model).dropLast() + Array(#","vocab":{"#.utf8)
        for (id, token) in tokens.enumerated() {
            json += id > 0 ? [UInt8(ascii: ",")] : []
            json += Self.quoted(token) + Array(":\(id)".utf8)
        }
        try self.init(json + Array("}}}".utf8), url)
    }

    /// Lines as Python reads a text: what ends one is `\n`, `\r` or `\r\n`, and the end of the last one is no line of its own.
    private static func lines(_ text: String, _ url: URL) throws -> [[UInt8]] {
        var size = VocabularySize(url.path)
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var previous: UInt8 = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if !(byte == UInt8(ascii: "\n") && previous == UInt8(ascii: "\r")) {
                    try size.add(line.count)
                    lines.append(line)
                    line.removeAll()
                }
            } else {
                line.append(byte)
            }
            previous = byte
        }
        guard !line.isEmpty else { return lines }
        try size.add(line.count)
        return lines + [line]
    }

    private static let bert = [
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
    ]

    /// What the settings call a special token; else what `specials` do.
    static func special(_ name: String, _ settings: JSONObject, _ specials: [String: String]) throws -> String {
        guard settings.fields[name] is [String: Any] else { return try settings.string(name, specials[name]) }
        return try settings.object(name).string("content")
    }

    /// The added tokens as a `tokenizer.json` lists them, and the ids of all. Padding and mask that the vocabulary lacks are left out: no text has need
    /// of them.
    ///
    /// - Parameters:
    ///   - settings: The `tokenizer_config.json`.
    ///   - tokens: The vocabulary, in the order of ids.
    ///   - specials: What the special tokens are where the settings do not say.
    static func added(
        _ settings: JSONObject, _ tokens: [[UInt8]], _ specials: [String: String]
    ) throws -> (entries: [[String: Any]], ids: [[UInt8]: Int]) {
        let ids = Dictionary(tokens.enumerated().map { ($1, $0) }) { $1 }
        var entries: [[String: Any]] = []
        var known: Set<[UInt8]> = []
        func add(_ value: Any?) throws {
            let plain = (value as? String).map { ["content": $0] as [String: Any] }
            guard let fields = plain ?? value as? [String: Any] else { throw settings.fault("a special token must be a text") }
            let token = JSONObject(fields, path: settings.path)
            let content = try token.string("content")
            guard known.insert(Array(content.utf8)).inserted else { return }
            var entry: [String: Any] = ["id": entries.count, "content": content]
            for name in ["single_word", "lstrip", "rstrip", "normalized"] { entry[name] = try token.bool(name, false) }
            entry["special"] = true
            entries.append(entry)
        }
        let decoder = try settings.object("added_tokens_decoder").fields
        for id in decoder.keys.sorted(by: { (Int($0) ?? 0) < (Int($1) ?? 0) }) { try add(decoder[id]) }
        for name in specials.keys.sorted() where try ids[Array(special(name, settings, specials).utf8)] != nil {
            try add(settings.has(name) ? settings.fields[name] : specials[name])
        }
        for name in ["additional_special_tokens", "extra_special_tokens"] where settings.has(name) {
            for token in settings.fields[name] as? [Any] ?? [] { try add(token) }
        }
        return (entries, ids)
    }

    /// A JSON string of the token's bytes.
    static func quoted(_ token: [UInt8]) -> [UInt8] {
        var result = [UInt8(ascii: "\"")]
        for byte in token {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: result += Array((byte < 16 ? "\\u000" : "\\u00").utf8) + Array(String(byte, radix: 16).utf8)
            default: result.append(byte)
            }
        }
        return result + [UInt8(ascii: "\"")]
    }
}
