internal import BraidSupport

/// A step that cuts normalised text into the words that the model takes apart.
protocol PreTokenizer: Sendable {
    func preTokenize(_ pieces: inout Pieces)
}

/// Pre-tokenizers one after the other.
struct PreTokenizerSequence: PreTokenizer {
    let steps: [any PreTokenizer]

    func preTokenize(_ pieces: inout Pieces) {
        for step in steps where pieces.bytes.count <= pieces.most { step.preTokenize(&pieces) }
    }
}

/// Reads the pre-tokenizer of a `tokenizer.json`.
enum PreTokenizerReader {
    private static let known = [
        "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "Metaspace", "Punctuation", "Sequence", "Split",
        "Whitespace", "WhitespaceSplit",
    ]

    static func read(_ settings: JSONObject) throws -> any PreTokenizer {
        var count = ComponentCount("pre-tokenizers")
        return try read(settings, depth: 0, &count)
    }

    private static func read(_ settings: JSONObject, depth: Int, _ count: inout ComponentCount) throws -> any PreTokenizer {
        try count.add(settings)
        guard depth < 16 else { throw settings.fault("pre-tokenizers are nested too deeply") }
        let type = try settings.string("type")
        switch type {
        case "BertPreTokenizer":
            try settings.allow()
            return BertPreTokenizer()
        case "ByteLevel": return try ByteLevelPreTokenizer(settings)
        case "CharDelimiterSplit":
            try settings.allow("delimiter")
            let delimiter = try settings.scalar("delimiter")
            return ScalarSplit(behavior: .removed) { scalar, _ in scalar == delimiter }
        case "Digits":
            try settings.allow("individual_digits")
            let behavior: SplitBehavior = try settings.bool("individual_digits") ? .isolated : .contiguous
            return ScalarSplit(behavior: behavior) { $1.contains(.numeric) }
        case "Metaspace": return try MetaspacePreTokenizer(settings)
        case "Punctuation":
            try settings.allow("behavior")
            return ScalarSplit(behavior: try SplitBehavior(settings, "Isolated")) { $1.contains(.punctuation) }
        case "Sequence":
            try settings.allow("pretokenizers")
            return PreTokenizerSequence(
                steps: try settings.objects("pretokenizers").map { try read($0, depth: depth + 1, &count) })
        case "Split": return try SplitPreTokenizer(settings)
        case "Whitespace":
            try settings.allow()
            return WhitespacePreTokenizer()
        case "WhitespaceSplit":
            try settings.allow()
            return ScalarSplit(behavior: .removed) { $1.contains(.space) }
        default: throw settings.unknown("pre-tokenizer", type, known)
        }
    }
}
