internal import BraidSupport
internal import Foundation

extension TokenizerFile {
    /// What a `vocab.json`, a `merges.txt` and a `tokenizer_config.json` say, as a `tokenizer.json`.
    init(bytePairs vocabulary: URL, merges: URL, _ family: BytePairFamily, _ settings: JSONObject) throws {
        let tokens = try Self.tokens(vocabulary)
        let (added, ids) = try Self.added(settings, tokens, family.specials)
        func special(_ name: String) throws -> [Any] {
            let token = try Self.special(name, settings, family.specials)
            guard let id = ids[Array(token.utf8)] else {
                throw BraidError(.badData, "\(vocabulary.path): lacks the \(name) \(token)")
            }
            return [token, id]
        }
        var parts = try family.components(settings)
        parts["added_tokens"] = added
        if let ends = family.ends {
            parts["post_processor"] =
                try [
                    "type": "RobertaProcessing", "cls": special(ends.before), "sep": special(ends.after), "trim_offsets": true,
                    "add_prefix_space": false,
                ] as [String: Any]
        }
        var model: [String: Any] = ["type": "BPE"]
        if family == .clip {
            model["end_of_word_suffix"] = "</w>"
            model["unk_token"] = try Self.special("unk_token", settings, family.specials)
        }
        let content = try InputFile.bytes(of: vocabulary, within: .tokenizerBytes)
        var json = Array(try JSONSerialization.data(withJSONObject: parts).dropLast()) + Array(#","model":"#.utf8)
        json += try JSONSerialization.data(withJSONObject: model).dropLast() + Array(#","vocab":"#.utf8) + content
        json += try Array(#","merges":["#.utf8) + Self.merges(merges, most: family.mostMerges) + Array("]}}".utf8)
        try self.init(json, vocabulary)
    }

    /// The tokens in the order of their ids, as far as special ones have to be found among them.
    private static func tokens(_ url: URL) throws -> [[UInt8]] {
        let fields = try JSONObject(url).fields
        var tokens = [[UInt8]](repeating: [], count: fields.count)
        let most = Limit.vocabulary.value
        for (token, value) in fields {
            if let id = value as? Int, id >= most {
                throw Limit.vocabulary.exceeded("the token \(token) has the id \(id)", file: url.path, bound: most)
            }
            guard let id = value as? Int, id >= 0 else {
                throw BraidError(.badData, "\(url.path): must hold tokens and their ids; that of \(token) is none")
            }
            if id >= tokens.count { tokens += [[UInt8]](repeating: [], count: id + 1 - tokens.count) }
            tokens[id] = Array(token.utf8)
        }
        return tokens
    }

    /// The lines but for the version, as JSON strings with commas between.
    private static func merges(_ url: URL, most: Int) throws -> [UInt8] {
        let data = try InputFile.bytes(of: url, within: .tokenizerBytes)
        let lines = data.split(separator: UInt8(ascii: "\n")).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
            .filter { !$0.isEmpty && !$0.starts(with: "#version".utf8) }
        var json: [UInt8] = []
        for line in lines.prefix(most) {
            if !json.isEmpty { json.append(UInt8(ascii: ",")) }
            json += quoted(Array(line))
        }
        return json
    }
}
