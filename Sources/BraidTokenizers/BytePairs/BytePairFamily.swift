internal import BraidSupport

/// What a model makes of a `vocab.json` and a `merges.txt`, as Transformers' slow tokenizer of it does.
public enum BytePairFamily: Sendable, CaseIterable {
    /// Bytes, and no token around a text (Radford et al. 2019).
    case gpt2
    /// The same between `<s>` and `</s>` (arXiv:1907.11692); CLAP's too.
    case roberta
    /// Lower case, and words that end in `</w>` (arXiv:2103.00020).
    case clip

    /// The family by Transformers' `tokenizer_class` or `model_type`; nil for others.
    public init?(named name: String) {
        switch name {
        case "gpt2", "GPT2Tokenizer", "GPT2TokenizerFast": self = .gpt2
        case "roberta", "clap", "clap_text_model", "RobertaTokenizer", "RobertaTokenizerFast": self = .roberta
        case "clip", "clip_text_model", "CLIPTokenizer", "CLIPTokenizerFast": self = .clip
        default: return nil
        }
    }

    /// The special tokens where `tokenizer_config.json` says nothing of them.
    var specials: [String: String] {
        switch self {
        case .gpt2: ["bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"]
        case .roberta:
            [
                "bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>", "unk_token": "<unk>",
                "pad_token": "<pad>", "mask_token": "<mask>",
            ]
        case .clip: ["bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"]
        }
    }

    /// The names of the tokens in front of a text and behind it; nil for none.
    var ends: (before: String, after: String)? {
        switch self {
        case .gpt2: nil
        case .roberta: ("cls_token", "sep_token")
        case .clip: ("bos_token", "eos_token")
        }
    }

    /// How many merges count: of CLIP's file, which is longer, those whose tokens it has.
    var mostMerges: Int { self == .clip ? 49_152 - 256 - 2 : .max }

    /// What of a `tokenizer.json` does not depend on the vocabulary.
    func components(_ settings: JSONObject) throws -> [String: Any] {
        let prefixes = try settings.bool("add_prefix_space", false)
        let bytes: [String: Any] = [
            "type": "ByteLevel", "add_prefix_space": self == .clip ? false : prefixes, "trim_offsets": true, "use_regex": true,
        ]
        guard self == .clip else { return ["pre_tokenizer": bytes] }
        let words: [String: Any] = [
            "type": "Split", "pattern": ["Regex": #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#],
            "behavior": "Removed", "invert": true,
        ]
        let spaces: [String: Any] = ["type": "Replace", "pattern": ["Regex": #"\s+"#], "content": " "]
        return [
            "normalizer": ["type": "Sequence", "normalizers": [["type": "NFC"], spaces, ["type": "Lowercase"]]] as [String: Any],
            "pre_tokenizer": ["type": "Sequence", "pretokenizers": [words, bytes]] as [String: Any],
        ]
    }
}
