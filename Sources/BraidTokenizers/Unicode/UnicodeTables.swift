/// What the `tokenizers` package holds each scalar to be, whose tables are of other Unicode versions than Swift's.
///
/// Its data stand in the files beside this one, which scripts/references/unicode_tables.py writes.
final class UnicodeTables: Sendable {
    /// Read at the first use, which takes a few milliseconds.
    static let shared = UnicodeTables()

    /// The classes of a scalar.
    struct Traits: OptionSet, Sendable {
        let rawValue: UInt16

        /// White space, of Rust's `char` and of regular expressions alike.
        static let space = Traits(rawValue: 1 << 0)
        /// What BertNormalizer drops: NUL, the replacement character, and control, format and private-use characters.
        static let removedByBert = Traits(rawValue: 1 << 1)
        /// What BertNormalizer strips as an accent.
        static let nonspacingMark = Traits(rawValue: 1 << 2)
        /// What StripAccents strips.
        static let combiningMark = Traits(rawValue: 1 << 3)
        static let punctuation = Traits(rawValue: 1 << 4)
        /// A digit of the Digits pre-tokenizer.
        static let numeric = Traits(rawValue: 1 << 5)
        /// `\w` of the Whitespace pre-tokenizer and of `single_word`.
        static let word = Traits(rawValue: 1 << 6)
        /// `\p{L}`, and so on, of the patterns of ByteLevel and Split.
        static let letter = Traits(rawValue: 1 << 7)
        static let number = Traits(rawValue: 1 << 8)
        static let mark = Traits(rawValue: 1 << 9)
        /// `\p{Lu}` and `\p{Lt}`.
        static let upper = Traits(rawValue: 1 << 10)
        static let lower = Traits(rawValue: 1 << 11)
        /// Stays in the grapheme cluster of what stands before it.
        static let extender = Traits(rawValue: 1 << 12)
        /// Takes what follows into its grapheme cluster.
        static let prepender = Traits(rawValue: 1 << 13)
        /// A grapheme cluster by itself.
        static let breaker = Traits(rawValue: 1 << 14)
        /// May belong to the grapheme cluster before it, depending on what that is.
        static let bindable = Traits(rawValue: 1 << 15)
    }

    private let classes: ScalarMap
    private let lowerCaseIndex: ScalarMap
    private let lowerCaseDeltas: [Int32]
    let combiningClasses: ScalarMap
    let decompositions: Decompositions

    private init() {
        let gaps = [
            Self.spaceGaps, Self.removedByBertGaps, Self.nonspacingMarkGaps, Self.combiningMarkGaps, Self.punctuationGaps,
            Self.numericGaps, Self.wordGaps, Self.letterGaps, Self.numberGaps, Self.markGaps, Self.upperGaps, Self.lowerGaps,
            Self.extenderGaps, Self.prependerGaps, Self.breakerGaps, Self.bindableGaps,
        ]
        classes = ScalarMap { all in
            for (bit, text) in gaps.enumerated() {
                Self.forEachRun(text) { range in for scalar in range { all[scalar] |= 1 << UInt16(bit) } }
            }
        }
        var deltas: [Int32] = [0]
        lowerCaseIndex = ScalarMap { all in
            Self.forEachRow(Self.lowerCaseRuns, of: 4) { row in
                deltas.append(Int32(row[3]))
                for step in 0..<row[1] { all[row[0] + step * row[2]] = UInt16(deltas.count - 1) }
            }
        }
        lowerCaseDeltas = deltas
        combiningClasses = ScalarMap { all in
            Self.forEachRow(Self.combiningRuns, of: 3) { row in
                for scalar in row[0]..<row[0] + row[1] { all[scalar] = UInt16(row[2]) }
            }
        }
        decompositions = Decompositions()
    }

    @inline(__always)
    func traits(_ scalar: UInt32) -> Traits { Traits(rawValue: classes[scalar]) }

    /// The lower case of one scalar. U+0130 alone has two scalars, of which this is the first.
    @inline(__always)
    func lowerCase(_ scalar: UInt32) -> UInt32 {
        let index = Int(lowerCaseIndex[scalar])
        return index == 0 ? scalar : UInt32(Int32(scalar) + lowerCaseDeltas[index])
    }
}

// MARK: - Reading the tables' text

extension UnicodeTables {
    /// Every second run of lengths is of scalars in the class.
    static func forEachRun(_ gaps: String, _ body: (Range<Int>) -> Void) {
        var start = 0
        var inside = false
        for word in gaps.utf8.split(separator: UInt8(ascii: " ")) {
            let end = start + number(word)
            if inside { body(start..<end) }
            start = end
            inside.toggle()
        }
        if inside { body(start..<0x110000) }
    }

    /// Rows of `width` numbers, the first of each summed up over the rows.
    private static func forEachRow(_ text: String, of width: Int, _ body: ([Int]) -> Void) {
        var row: [Int] = []
        var first = 0
        for word in text.utf8.split(separator: UInt8(ascii: " ")) {
            row.append(number(word))
            guard row.count == width else { continue }
            first += row[0]
            row[0] = first
            body(row)
            row.removeAll(keepingCapacity: true)
        }
    }

    /// A hexadecimal number, with a minus where it is negative.
    static func number(_ digits: Substring.UTF8View) -> Int {
        var value = 0
        var sign = 1
        for digit in digits {
            switch digit {
            case UInt8(ascii: "-"): sign = -1
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | Int(digit - UInt8(ascii: "0"))
            default: value = value << 4 | Int(digit - UInt8(ascii: "a") + 10)
            }
        }
        return sign * value
    }
}
