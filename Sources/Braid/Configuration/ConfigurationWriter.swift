internal import Foundation
internal import Yams

/// Writes resolved keys as a YAML document, sections nested.
enum ConfigurationWriter {
    static func yaml(_ resolved: [Configuration.ResolvedKey]) -> String {
        var lines: [String] = []
        var open: [Substring] = []
        for key in resolved {
            var parts = key.path.split(separator: ".")
            let name = parts.removeLast()
            let shared = zip(open, parts).prefix { $0 == $1 }.count
            for (depth, part) in parts.enumerated().dropFirst(shared) { lines.append(indent(depth) + "\(part):") }
            open = parts
            lines.append(indent(parts.count) + "\(name): \(key.value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    static func inline(_ node: Node) -> String {
        if let items = node.sequence { return "[\(items.map(inline).joined(separator: ", "))]" }
        return quoted(node.scalar?.string ?? "")
    }

    /// Quotes what YAML would read as something other than this text.
    private static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) || ($0 == ":" && text.last != ":")
        }
        return plain && !text.isEmpty && !text.hasPrefix("-")
            ? text : "\"\(text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\""))\""
    }
}
