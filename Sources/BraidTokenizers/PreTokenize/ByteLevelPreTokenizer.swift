internal import BraidSupport

/// GPT-2's: words with the space before them, each byte written as the printable character that stands for it.
struct ByteLevelPreTokenizer: PreTokenizer {
    private let addsPrefixSpace: Bool
    private let splits: Bool
    private let pattern = Pattern.words(.gpt2)
    private let characters: [[UInt8]]

    init(_ settings: JSONObject) throws {
        try settings.allow("add_prefix_space", "trim_offsets", "use_regex")
        addsPrefixSpace = try settings.bool("add_prefix_space")
        // Moves offsets only, which nobody asks here; read so that a wrong one is refused.
        _ = try settings.bool("trim_offsets", true)
        splits = try settings.bool("use_regex", true)
        characters = (UInt8.min...UInt8.max).map { byte in
            var character: [UInt8] = []
            ByteAlphabet.append(byte, to: &character)
            return character
        }
    }

    func preTokenize(_ pieces: inout Pieces) {
        if addsPrefixSpace {
            pieces.rewrite { text, piece, output in
                if text[piece.start] != 0x20 { output.append(0x20) }
                output.append(contentsOf: text.part(piece.start, piece.end))
            }
        }
        if splits { pieces.split(at: pattern, .isolated) }
        pieces.rewrite { text, piece, output in
            for index in piece.start..<piece.end {
                let byte = text[index]
                if byte > 0x20 && byte < 0x7F {
                    output.append(byte)
                } else {
                    // Every other byte's character has two bytes.
                    let character = characters[Int(byte)]
                    output.append(character[0])
                    output.append(character[1])
                }
            }
        }
    }
}
