internal import BraidSupport

/// SentencePiece's: spaces written as a visible character, which begins the words.
struct MetaspacePreTokenizer: PreTokenizer {
    private enum Scheme: String { case always, first, never }

    private let replacement: [UInt8]
    private let scheme: Scheme
    private let splits: Bool

    init(_ settings: JSONObject) throws {
        try settings.allow("replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep")
        var replacement: [UInt8] = []
        replacement.append(scalar: try settings.scalar("replacement"))
        self.replacement = replacement
        let name = try settings.string("prepend_scheme", Scheme.always.rawValue)
        guard let scheme = Scheme(rawValue: name) else {
            throw settings.unknown("prepend_scheme", name, ["always", "first", "never"])
        }
        // The form of older files, which says the same; where it does not, the reference refuses the file too.
        if try settings.has("add_prefix_space") && !settings.bool("add_prefix_space") && scheme != .never {
            throw settings.fault("add_prefix_space is false but prepend_scheme is \(name)")
        }
        self.scheme = scheme
        splits = try settings.bool("split", true)
    }

    func preTokenize(_ pieces: inout Pieces) {
        let origin = pieces.origin
        pieces.rewrite { text, piece, output in
            let begins = text[piece.start] == 0x20 || text.starts(with: replacement, at: piece.start)
            if !begins && (scheme == .always || scheme == .first && piece.start < origin) {
                output.append(contentsOf: replacement)
            }
            for index in piece.start..<piece.end {
                if text[index] == 0x20 {
                    output.append(contentsOf: replacement)
                } else {
                    output.append(text[index])
                }
            }
        }
        guard splits else { return }
        pieces.split { text, piece, list in
            // "▁▁a" is "▁", "▁a": each replacement begins a piece.
            var start = piece.start
            var index = start
            while index < piece.end {
                guard text[index] == replacement[0], text.starts(with: replacement, at: index) else {
                    index += 1
                    continue
                }
                list.append(start, index)
                start = index
                index += replacement.count
            }
            list.append(start, piece.end)
        }
    }
}
