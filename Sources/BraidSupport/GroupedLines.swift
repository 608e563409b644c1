/// Makes a list of faults short: of those that say the same of different places the first few, and how many more there are.
package enum GroupedLines {
    /// How many of a kind are shown.
    package static let shown = 5

    /// The lines that are shown, in their order; behind the last of a kind, how many like it are not.
    package static func of(_ lines: [String]) -> [String] {
        guard lines.count > shown else { return lines }
        let kinds = lines.map(kind)
        let counts = Dictionary(kinds.map { ($0, 1) }, uniquingKeysWith: +)
        var seen: [String: Int] = [:]
        var result: [String] = []
        for (line, kind) in zip(lines, kinds) {
            let (before, all) = (seen[kind, default: 0], counts[kind, default: 0])
            seen[kind] = before + 1
            guard before < shown else { continue }
            result.append(line)
            if before + 1 == shown && all > shown { result.append("… and \(all - shown) more like these") }
        }
        return result
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
