internal import BraidSupport

/// What a model makes of the pieces of a SentencePiece file, as Transformers' slow tokenizer of it does.
public enum SentencePieceFamily: Sendable, CaseIterable {
    /// The pieces as they are, with no token around a text.
    case plain
    /// Fairseq's ids in front, the mask behind: XLM-R (arXiv:1911.02116).
    case xlmRoberta
    /// The same with ids of its own: CamemBERT (arXiv:1911.03894).
    case camembert
    /// Lower case and without accents, where nothing else is said (arXiv:1909.11942).
    case albert
    /// The pieces as they are (arXiv:2111.09543).
    case deberta

    /// The family by Transformers' `tokenizer_class` or `model_type`; nil for others.
    public init?(named name: String) {
        switch name {
        case "xlm-roberta", "XLMRobertaTokenizer", "XLMRobertaTokenizerFast": self = .xlmRoberta
        case "camembert", "CamembertTokenizer", "CamembertTokenizerFast": self = .camembert
        case "albert", "AlbertTokenizer", "AlbertTokenizerFast": self = .albert
        case "deberta-v2", "DebertaV2Tokenizer", "DebertaV2TokenizerFast": self = .deberta
        default: return nil
        }
    }

    /// The special tokens where `tokenizer_config.json` says nothing of them.
    var specials: [String: String] {
        switch self {
        case .plain: [:]
        case .xlmRoberta, .camembert:
            [
                "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>",
                "pad_token": "<pad>", "mask_token": "<mask>",
            ]
        case .albert, .deberta:
            [
                "bos_token": "[CLS]", "eos_token": "[SEP]", "sep_token": "[SEP]", "cls_token": "[CLS]",
                "unk_token": self == .albert ? "<unk>" : "[UNK]", "pad_token": self == .albert ? "<pad>" : "[PAD]",
                "mask_token": "[MASK]",
            ]
        }
    }

    /// A token of the vocabulary, as it is written, and its score.
    typealias Token = (bytes: [UInt8], score: Double)

    /// The vocabulary, in the order of ids, and the id of the unknown token.
    func vocabulary(_ file: SentencePieceFile) -> (tokens: [Token], unknown: Int) {
        let best = file.pieces.filter { $0.kind == .normal }.map(\.score).max() ?? 0
        let own = file.pieces.enumerated().map { id, piece -> Token in
            switch piece.kind {
            // No text has a 0 in it.
            case .unused: return (Array("\0\(id)".utf8), Double(piece.score))
            // As SentencePiece has it, so that it is always taken.
            case .userDefined:
                let length = piece.bytes.count { $0 & 0xC0 != 0x80 }
                return (piece.bytes, Double(Float(length) * best - 0.1))
            default: return (piece.bytes, Double(piece.score) - (self == .albert && Self.endsInComma(piece.bytes) ? 100 : 0))
            }
        }
        func named(_ name: String, _ score: Double = 0) -> Token { (Array(name.utf8), score) }
        switch self {
        case .plain, .albert, .deberta: return (own, file.unknownID)
        case .xlmRoberta:
            let first = ["<s>", "<pad>", "</s>", "<unk>"].map { named($0) }
            return (first + Array(own.dropFirst(3)) + [named("<mask>")], 3)
        case .camembert:
            let first = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>"].map { named($0) } + [named("<unk>NOTUSED", -100)]
            return (first + Array(own.dropFirst()) + [named("<mask>")], 3)
        }
    }

    /// A digit and a comma: ALBERT's tokenizer takes such pieces apart.
    private static func endsInComma(_ piece: [UInt8]) -> Bool {
        piece.count >= 2 && piece.last == UInt8(ascii: ",") && (0x30...0x39).contains(piece[piece.count - 2])
    }

    /// What is done to a text before SentencePiece sees it.
    func normalizers(_ settings: JSONObject) throws -> [any Normalizer] {
        var steps: [[String: Any]] = []
        func lower(_ fallback: Bool) throws {
            if try settings.bool("do_lower_case", fallback) { steps.append(["type": "Lowercase"]) }
        }
        switch self {
        case .plain, .xlmRoberta, .camembert: break
        case .albert:
            steps = ["``", "''"].map { ["type": "Replace", "pattern": ["String": $0], "content": "\""] }
            if try !settings.bool("keep_accents", false) { steps += [["type": "NFKD"], ["type": "StripAccents"]] }
            try lower(true)
        case .deberta:
            guard try !settings.bool("split_by_punct", false) else {
                throw settings.fault("split_by_punct is true: this version reads spm.model without it")
            }
            try lower(false)
        }
        return try steps.map { try NormalizerReader.read(JSONObject($0, path: settings.path)) }
    }
}
