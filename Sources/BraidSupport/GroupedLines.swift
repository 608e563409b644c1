/// Makes a list of faults short: of those that say the same of different places the first few, and how many more there are.
package enum GroupedLines {
    /// How many of a kind are shown.
    package static let shown = 5

    /// The lines that are shown, each behind `prefix`: in their order, but for kinds with more than are shown, whose lines stand together, with
    /// the number of the others behind them.
    package static func of(_ lines: [String], prefix: String = "") -> [String] {
        guard lines.count > shown else { return lines.map { prefix + $0 } }
        // Of each kind its first lines, and how many there are.
        var kinds: [[UInt8]: Int] = [:]
        var (first, counts): ([[Int]], [Int]) = ([], [])
        let kindOfLine = lines.indices.map { index -> Int32 in
            let key = Self.kind(lines[index])
            let kind = kinds[key] ?? counts.count
            if kind == counts.count {
                kinds[key] = kind
                first.append([])
                counts.append(0)
            }
            if counts[kind] < shown { first[kind].append(index) }
            counts[kind] += 1
            return Int32(clamping: kind)
        }
        return lines.indices.flatMap { index -> [String] in
            let kind = Int(kindOfLine[index])
            guard counts[kind] > shown else { return [prefix + lines[index]] }
            guard first[kind].first == index else { return [] }
            return first[kind].map { prefix + lines[$0] } + ["… and \(counts[kind] - shown) more like these"]
        }
    }

    /// A line without what differs from place to place: numbers, what stands in quotes, and paths.
    private static func kind(_ line: String) -> [UInt8] {
        var kind: [UInt8] = []
        kind.reserveCapacity(line.utf8.count)
        var (word, isPath, isQuoted) = (0, false, false)
        func endWord() {
            if isPath { kind.removeSubrange(word...) } else if kind.count > word { kind.append(UInt8(ascii: " ")) }
            (word, isPath) = (kind.count, false)
        }
        for byte in line.utf8 {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case _ where isQuoted: continue
            case UInt8(ascii: " "): endWord()
            case UInt8(ascii: "0")...UInt8(ascii: "9"): if kind.last != UInt8(ascii: "#") { kind.append(UInt8(ascii: "#")) }
            case UInt8(ascii: "/"):
                isPath = true
                kind.append(byte)
            default: kind.append(byte)
            }
        }
        endWord()
        return kind
    }
}
