/// Canonical and compatibility decompositions in full, and the compositions that undo the canonical ones.
struct Decompositions: Sendable {
    private let canonicalIndex: ScalarMap
    private let compatibleIndex: ScalarMap
    /// Where the scalars of each entry begin in `scalars`; the next entry's beginning is their end.
    private let starts: [Int32]
    private let scalars: [UInt32]
    private let compositions: [UInt64: UInt32]

    init() {
        var starts: [Int32] = [0, 0]
        var scalars: [UInt32] = []
        func entries(_ text: String, _ all: inout [UInt16]) {
            var code = 0
            for entry in text.utf8.split(separator: UInt8(ascii: " ")) {
                let numbers = entry.split(separator: UInt8(ascii: ",")).map(UnicodeTables.number)
                code += numbers[0]
                all[code] = UInt16(starts.count - 1)
                scalars.append(contentsOf: numbers.dropFirst().map(UInt32.init))
                starts.append(Int32(scalars.count))
            }
        }
        var canonical: [UInt16] = []
        canonicalIndex = ScalarMap { all in
            entries(UnicodeTables.canonical, &all)
            canonical = all
        }
        compatibleIndex = ScalarMap { all in
            all = canonical
            entries(UnicodeTables.compatible, &all)
        }
        self.starts = starts
        self.scalars = scalars
        compositions = Self.compositions(canonical, starts, scalars)
    }

    /// Appends the decomposition of `scalar`, or itself.
    @inline(__always)
    func decompose(_ scalar: UInt32, compatibly: Bool, _ body: (UInt32) -> Void) {
        if scalar < 0xA0 { return body(scalar) }
        let index = Int(compatibly ? compatibleIndex[scalar] : canonicalIndex[scalar])
        if index > 0 {
            for at in starts[index]..<starts[index + 1] { body(scalars[Int(at)]) }
        } else if 0xAC00 <= scalar && scalar < 0xD7A4 {
            let syllable = scalar - 0xAC00
            body(0x1100 + syllable / 588)
            body(0x1161 + syllable % 588 / 28)
            if syllable % 28 > 0 { body(0x11A7 + syllable % 28) }
        } else {
            body(scalar)
        }
    }

    /// The one scalar that `first` and `second` are together.
    func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= 0x1100 && first < 0x1113 && second >= 0x1161 && second < 0x1176 {
            return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
        }
        if first >= 0xAC00 && first < 0xD7A4 && (first - 0xAC00) % 28 == 0 && second > 0x11A7 && second < 0x11C3 {
            return first + second - 0x11A7
        }
        return compositions[UInt64(first) << 32 | UInt64(second)]
    }

    /// Each entry that may be composed, from the composite of all its scalars but the last, and the last.
    private static func compositions(_ index: [UInt16], _ starts: [Int32], _ scalars: [UInt32]) -> [UInt64: UInt32] {
        var excluded: Set<Int> = []
        UnicodeTables.forEachRun(UnicodeTables.compositionExclusionGaps) { excluded.formUnion($0) }
        var composites: [[UInt32]: UInt32] = [:]
        for (code, entry) in index.enumerated() where entry > 0 && !excluded.contains(code) {
            composites[Array(scalars[Int(starts[Int(entry)])..<Int(starts[Int(entry) + 1])])] = UInt32(code)
        }
        var pairs: [UInt64: UInt32] = [:]
        for (parts, composite) in composites {
            guard parts.count > 1, let last = parts.last else { continue }
            let head = Array(parts.dropLast())
            guard let first = head.count == 1 ? head[0] : composites[head] else { continue }
            pairs[UInt64(first) << 32 | UInt64(last)] = composite
        }
        return pairs
    }
}
