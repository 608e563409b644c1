/// Makes a list of faults short: of those that say the same of different places the first few, and how many more there are.
package enum GroupedLines {
    /// How many of a kind are shown.
    package static let shown = 5

    /// The lines that are shown, each behind `prefix`: in their order, but for kinds with more than are shown, whose lines stand together, with
    /// the number of the others behind them.
    package static func of(_ lines: [String], prefix: String = "") -> [String] {
        guard lines.count > shown else { return lines.map { prefix + $0 } }
        let kinds = lines.map(kind)
        let places = Dictionary(grouping: lines.indices) { kinds[$0] }
        return lines.indices.flatMap { index -> [String] in
            guard let alike = places[kinds[index]], alike.count > shown else { return [prefix + lines[index]] }
            guard alike.first == index else { return [] }
            return alike.prefix(shown).map { prefix + lines[$0] } + ["… and \(alike.count - shown) more like these"]
        }
    }

    /// A line without what differs from place to place: numbers, what stands in quotes, and paths.
    private static func kind(_ line: String) -> String {
        var text = ""
        var quoted = false
        for character in line.utf8 {
            switch character {
            case UInt8(ascii: "\""): quoted.toggle()
            case _ where quoted: continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"): if text.last != "#" { text.append("#") }
            default: text.append(Character(Unicode.Scalar(character)))
            }
        }
        return text.split(separator: " ").filter { !$0.contains("/") }.joined(separator: " ")
    }
}
