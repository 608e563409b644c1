/// The word patterns of byte-level tokenizers, matched by hand with the classes that the reference's engine has.
struct WordPattern: Sendable {
    private enum Letters { case afterSpace, afterAnything, alone, cased }

    private let letters: Letters
    /// The longest run of digits that is one word.
    private let digits: Int
    private let ignoresCase: Bool
    /// Whether white space is matched too.
    private let matchesSpace: Bool

    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    static let gpt2 = WordPattern(letters: .afterSpace, digits: .max, ignoresCase: false, matchesSpace: true)
    /// GPT-4's and Llama 3's, with at most three digits a word and line ends that stay with what stands before them.
    static let llama3 = WordPattern(letters: .afterAnything, digits: 3, ignoresCase: true, matchesSpace: true)
    /// Qwen 2's: as Llama 3's with single digits.
    static let qwen2 = WordPattern(letters: .afterAnything, digits: 1, ignoresCase: true, matchesSpace: true)
    /// GPT-4o's, where upper case begins a word.
    static let gpt4o = WordPattern(letters: .cased, digits: 3, ignoresCase: true, matchesSpace: true)
    static let clip = WordPattern(letters: .alone, digits: 1, ignoresCase: false, matchesSpace: false)

    /// The end of the match at `start`; nil where there is none, which is at white space only.
    func match(_ text: Bytes, at start: Int) -> Int? {
        let scanner = WordScanner(text)
        if letters != .cased, let end = scanner.contraction(start, ignoringCase: ignoresCase) { return end }
        let (first, length) = text.scalar(at: start)
        let traits = scanner.tables.traits(first)
        switch letters {
        case .afterSpace:
            let begin = first == 0x20 ? start + 1 : start
            if let end = scanner.run(begin, of: .letter) ?? scanner.run(begin, of: .number) { return end }
        case .afterAnything:
            let isHead = first != 0x0D && first != 0x0A && traits.isDisjoint(with: [.letter, .number])
            if let end = scanner.run(isHead ? start + length : start, of: .letter) { return end }
        case .alone: if let end = scanner.run(start, of: .letter) { return end }
        case .cased: if let end = scanner.casedWord(start) { return end }
        }
        if let end = scanner.run(start, of: .number, atMost: digits) { return end }
        if let end = scanner.symbols(first == 0x20 && matchesSpace ? start + 1 : start) {
            if letters == .afterSpace || letters == .alone { return end }
            return scanner.lineEnds(end, withSlash: letters == .cased)
        }
        guard matchesSpace else { return nil }
        return scanner.whiteSpace(start, toLineEnds: letters != .afterSpace)
    }
}
