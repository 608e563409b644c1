public import Foundation

/// BERT's tokenizer, from a `tokenizer.json`: the ids that Hugging Face's `tokenizers` gives.
public struct WordPieceTokenizer: Sendable {
    /// The id that padding has.
    public let padding: Int
    /// The largest id of a token.
    let largestID: Int
    private let vocabulary: [[UInt8]: Int]
    private let longestToken: Int
    private let unknown: Int
    private let prefix: [UInt8]
    private let maxWordLength: Int
    private let before: [Int]
    private let after: [Int]
    private let addedTokens: [(scalars: [Unicode.Scalar], id: Int)]
    private let normalizer: BertNormalizer

    public init(_ url: URL) throws {
        let root = try JSONObject(url)
        let model = try root.object("model")
        try Self.expect(model, "model", ["WordPiece"])
        try Self.expect(root.object("normalizer"), "normalizer", ["BertNormalizer"])
        try Self.expect(root.object("pre_tokenizer"), "pre_tokenizer", ["BertPreTokenizer"])
        guard let ids = try model.object("vocab").fields as? [String: Int], !ids.isEmpty else {
            throw model.fault("vocab must map tokens to ids")
        }
        // Keyed by bytes: Swift's strings are equal where they are canonically equivalent, and tokens are not.
        vocabulary = Dictionary(ids.map { (Array($0.key.utf8), $0.value) }) { first, _ in first }
        guard ids.values.allSatisfy({ $0 >= 0 }) else { throw model.fault("ids must be 0 or more") }
        largestID = ids.values.max() ?? 0
        longestToken = vocabulary.keys.map(\.count).max() ?? 0
        let unknownToken = try model.string("unk_token", "[UNK]")
        guard let unknown = ids[unknownToken] else { throw model.fault("the vocabulary lacks its unk_token \(unknownToken)") }
        self.unknown = unknown
        prefix = Array(try model.string("continuing_subword_prefix", "##").utf8)
        maxWordLength = try model.int("max_input_chars_per_word", 100)
        padding = ids["[PAD]"] ?? 0
        normalizer = try BertNormalizer(root.object("normalizer"))
        addedTokens = try Self.addedTokens(root)
        (before, after) = try Self.template(root.object("post_processor"), ids)
    }

    /// The ids of `text`, special tokens included, at most `limit` of them.
    public func encode(_ text: String, limit: Int) -> [Int] {
        let room = max(0, limit - before.count - after.count)
        var ids: [Int] = []
        forEachPart(of: text) { part in
            guard ids.count < room else { return }
            switch part {
            case .added(let id): ids.append(id)
            case .text(let scalars):
                for word in normalizer.words(scalars) {
                    ids.append(contentsOf: pieces(of: word))
                    if ids.count >= room { break }
                }
            }
        }
        return before + ids.prefix(room) + after
    }

    private enum Part {
        case added(Int)
        case text(Substring.UnicodeScalarView)
    }

    /// Cuts the text at added tokens, which are found verbatim, before anything is normalised.
    private func forEachPart(of text: String, _ body: (Part) -> Void) {
        let scalars = text.unicodeScalars
        var start = scalars.startIndex
        var index = start
        while index < scalars.endIndex {
            guard let match = addedTokens.first(where: { scalars[index...].starts(with: $0.scalars) }) else {
                index = scalars.index(after: index)
                continue
            }
            if start < index { body(.text(Substring(scalars[start..<index]).unicodeScalars)) }
            body(.added(match.id))
            index = scalars.index(index, offsetBy: match.scalars.count)
            start = index
        }
        if start < scalars.endIndex { body(.text(Substring(scalars[start...]).unicodeScalars)) }
    }

    /// The longest token first, then the longest continuation; the whole word is unknown where that gets stuck.
    private func pieces(of word: [Unicode.Scalar]) -> [Int] {
        guard word.count <= maxWordLength else { return [unknown] }
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for scalar in word {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.EncodedScalar())
            ends.append(bytes.count)
        }
        var ids: [Int] = []
        var start = 0
        while start < bytes.count {
            let head = start == 0 ? [] : prefix
            let match = ends.last { end in
                end > start && head.count + end - start <= longestToken && vocabulary[head + bytes[start..<end]] != nil
            }
            guard let match, let id = vocabulary[head + bytes[start..<match]] else { return [unknown] }
            ids.append(id)
            start = match
        }
        return ids
    }
}

// MARK: - Reading tokenizer.json

extension WordPieceTokenizer {
    private static func expect(_ object: JSONObject, _ name: String, _ types: [String]) throws {
        let found = try object.string("type", "(none)")
        guard types.contains(found) else {
            throw object.fault("\(name) of type \(found) is not known; this version reads \(types.joined(separator: ", "))")
        }
    }

    private static func addedTokens(_ root: JSONObject) throws -> [(scalars: [Unicode.Scalar], id: Int)] {
        guard root.has("added_tokens") else { return [] }
        guard let entries = root.fields["added_tokens"] as? [[String: Any]] else { throw root.fault("added_tokens must be a list") }
        let tokens = try entries.map { fields in
            let entry = JSONObject(fields, path: root.path)
            for option in ["lstrip", "rstrip", "single_word", "normalized"] where try entry.bool(option, false) {
                throw entry.fault("an added token with \(option): true is not supported")
            }
            return (scalars: Array(try entry.string("content").unicodeScalars), id: try entry.int("id"))
        }
        return tokens.filter { !$0.scalars.isEmpty }.sorted { $0.scalars.count > $1.scalars.count }
    }

    /// The special tokens before and after a single text.
    private static func template(_ processor: JSONObject, _ ids: [String: Int]) throws -> ([Int], [Int]) {
        guard processor.has("type") else { return ([], []) }
        try expect(processor, "post_processor", ["TemplateProcessing"])
        guard let steps = processor.fields["single"] as? [[String: [String: Any]]] else {
            throw processor.fault("single must be a list of steps")
        }
        var before: [Int] = []
        var after: [Int] = []
        var seenText = false
        for step in steps {
            if step["Sequence"] != nil {
                seenText = true
            } else if let name = step["SpecialToken"]?["id"] as? String, let id = ids[name] {
                if seenText { after.append(id) } else { before.append(id) }
            } else {
                throw processor.fault("single has a step that is neither a Sequence nor a known SpecialToken")
            }
        }
        return (before, after)
    }
}
