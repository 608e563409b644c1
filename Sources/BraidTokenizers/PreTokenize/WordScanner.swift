/// The parts that word patterns are made of. Each gives the end of its match, nil where there is none.
struct WordScanner {
    let tables = UnicodeTables.shared
    private let text: Bytes

    init(_ text: Bytes) { self.text = text }

    /// `'s|'t|'re|'ve|'m|'ll|'d`. Ignoring case, the long s is an s.
    func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
        guard start + 1 < text.count, text[start] == UInt8(ascii: "'") else { return nil }
        func letter(_ index: Int) -> UInt8 {
            guard index < text.count else { return 0 }
            return ignoringCase && text[index] < 0x80 ? text[index] | 0x20 : text[index]
        }
        switch (letter(start + 1), letter(start + 2)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _): return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (0xC5, 0xBF): return ignoringCase ? start + 3 : nil
        default: return nil
        }
    }

    /// A run of one class.
    @inline(__always)
    func run(_ start: Int, of traits: UnicodeTables.Traits, atMost limit: Int = .max) -> Int? {
        var end = start
        var count = 0
        while end < text.count, count < limit {
            let (scalar, length) = text.scalar(at: end)
            guard tables.traits(scalar).contains(traits) else { break }
            end += length
            count += 1
        }
        return end > start ? end : nil
    }

    /// `[^\s\p{L}\p{N}]+`
    func symbols(_ start: Int) -> Int? {
        var end = start
        while end < text.count {
            let (scalar, length) = text.scalar(at: end)
            guard tables.traits(scalar).isDisjoint(with: [.space, .letter, .number]) else { break }
            end += length
        }
        return end > start ? end : nil
    }

    /// `[\r\n]*`, or `[\r\n/]*`
    func lineEnds(_ start: Int, withSlash: Bool) -> Int {
        var end = start
        while end < text.count, text[end] == 0x0D || text[end] == 0x0A || withSlash && text[end] == UInt8(ascii: "/") { end += 1 }
        return end
    }

    /// `\s*[\r\n]+` where asked, else `\s+(?!\S)|\s+`: a run leaves its last character to the word that follows.
    func whiteSpace(_ start: Int, toLineEnds: Bool) -> Int? {
        guard let end = run(start, of: .space) else { return nil }
        if toLineEnds {
            var last = end
            while last > start, text[last - 1] != 0x0D, text[last - 1] != 0x0A { last -= 1 }
            if last > start { return last }
        }
        guard end < text.count else { return end }
        let shorter = end - text.scalar(before: end).length
        return shorter > start ? shorter : end
    }

    /// `[^\r\n\p{L}\p{N}]?U*L+C?|[^\r\n\p{L}\p{N}]?U+L*C?`, where U is upper case, L lower case, letters without case and
    /// marks are both, and C is a contraction.
    func casedWord(_ start: Int) -> Int? {
        let (first, length) = text.scalar(at: start)
        let isHead = first != 0x0D && first != 0x0A && tables.traits(first).isDisjoint(with: [.letter, .number])
        let begins = isHead ? [start + length, start] : [start]
        for begin in begins {
            guard let end = lowerAfterUpper(begin) else { continue }
            return contraction(end, ignoringCase: true) ?? end
        }
        for begin in begins {
            let upperEnd = cased(begin, not: .lower)
            guard upperEnd > begin else { continue }
            let end = cased(upperEnd, not: .upper)
            return contraction(end, ignoringCase: true) ?? end
        }
        return nil
    }

    /// `U*L+`, where U gives back what L needs.
    private func lowerAfterUpper(_ start: Int) -> Int? {
        var begin = cased(start, not: .lower)
        while cased(begin, not: .upper) == begin {
            guard begin > start else { return nil }
            begin -= text.scalar(before: begin).length
        }
        return cased(begin, not: .upper)
    }

    private func cased(_ start: Int, not other: UnicodeTables.Traits) -> Int {
        var end = start
        while end < text.count {
            let (scalar, length) = text.scalar(at: end)
            let traits = tables.traits(scalar)
            guard traits.contains(.mark) || traits.contains(.letter) && !traits.contains(other) else { break }
            end += length
        }
        return end
    }
}
