internal import BraidSupport
internal import Foundation

extension TokenizerFile {
    /// What a SentencePiece file and a `tokenizer_config.json` say, as a `tokenizer.json`; normalizers apart.
    init(_ file: SentencePieceFile, _ family: SentencePieceFamily, _ settings: JSONObject) throws {
        let (tokens, unknown) = family.vocabulary(file)
        let (added, ids) = try Self.added(settings, tokens.map(\.bytes), family.specials)
        // Pieces end in front of a space, so that texts can be taken apart there; where one goes on behind it they cannot.
        let splits = file.removesSpaces && !file.pieces.contains { Self.goesOnBehindSpace($0.bytes) }
        var parts: [String: Any] = [
            "added_tokens": added,
            "pre_tokenizer": [
                "type": "Metaspace", "replacement": String(decoding: SentencePieceFile.space, as: UTF8.self),
                "prepend_scheme": "never",
                "split": splits,
            ],
        ]
        if family != .plain {
            func special(_ name: String) throws -> [Any] {
                let token = try Self.special(name, settings, family.specials)
                guard let id = ids[Array(token.utf8)] else { throw file.fault("lacks the \(name) \(token)") }
                return [token, id]
            }
            parts["post_processor"] =
                try ["type": "BertProcessing", "sep": special("sep_token"), "cls": special("cls_token")] as [String: Any]
        }
        var model: [String: Any] = ["byte_fallback": file.fallsBackToBytes]
        if file.isUnigram {
            (model["type"], model["unk_id"]) = ("Unigram", unknown)
        } else {
            (model["type"], model["fuse_unk"]) = ("BPE", true)
            model["unk_token"] = String(decoding: tokens[unknown].bytes, as: UTF8.self)
        }
        // The vocabulary by hand, as that of a vocab.txt.
        var json = Array(try JSONSerialization.data(withJSONObject: parts).dropLast()) + Array(#","model":"#.utf8)
        json += try JSONSerialization.data(withJSONObject: model).dropLast() + Array(#","vocab":"#.utf8)
        json += file.isUnigram ? Self.scored(tokens) : Self.numbered(tokens.map(\.bytes))
        if !file.isUnigram { json += try Array(#","merges":"#.utf8) + Self.merges(file, tokens) }
        try self.init(json + Array("}}".utf8), file.url)
    }

    private static func goesOnBehindSpace(_ piece: [UInt8]) -> Bool {
        piece.indices.dropFirst().contains { piece[$0...].starts(with: SentencePieceFile.space) }
    }

    private static func scored(_ tokens: [SentencePieceFamily.Token]) -> [UInt8] {
        var json = [UInt8(ascii: "[")]
        for (id, token) in tokens.enumerated() {
            json += (id > 0 ? Array(",[".utf8) : Array("[".utf8)) + quoted(token.bytes) + Array(",\(token.score)]".utf8)
        }
        return json + Array("]".utf8)
    }

    private static func numbered(_ tokens: [[UInt8]]) -> [UInt8] {
        var json = [UInt8(ascii: "{")]
        for (id, token) in tokens.enumerated() {
            json += (id > 0 ? Array(",".utf8) : []) + quoted(token) + Array(":\(id)".utf8)
        }
        return json + Array("}".utf8)
    }

    /// Every way to put a piece together of two others, those of the best pieces first.
    private static func merges(_ file: SentencePieceFile, _ tokens: [SentencePieceFamily.Token]) throws -> [UInt8] {
        let most = Limit.tokenizerBytes.value
        let normal = Set(file.pieces.filter { $0.kind == .normal }.map(\.bytes))
        let ranked = file.pieces.enumerated().filter { $0.element.kind == .normal }
            .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
        var json = [UInt8(ascii: "[")]
        for (_, piece) in ranked {
            for place in piece.bytes.indices.dropFirst() where piece.bytes[place] & 0xC0 != 0x80 {
                let (left, right) = (Array(piece.bytes[..<place]), Array(piece.bytes[place...]))
                guard normal.contains(left), normal.contains(right) else { continue }
                guard json.count <= most else {
                    throw Limit.tokenizerBytes.exceeded("its merges take more than \(most) bytes", file: file.url.path, bound: most)
                }
                json += (json.count > 1 ? Array(",[".utf8) : Array("[".utf8)) + quoted(left) + Array(",".utf8) + quoted(right)
                json.append(UInt8(ascii: "]"))
            }
        }
        return json + Array("]".utf8)
    }
}
