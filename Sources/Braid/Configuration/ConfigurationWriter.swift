/// Writes resolved keys as documents, sections nested.
enum ConfigurationWriter {
    /// As YAML, in the order of the keys.
    static func yaml(_ resolved: [ResolvedKey]) -> String {
        var lines: [String] = []
        var open: [Substring] = []
        for key in resolved {
            var parts = key.path.split(separator: ".")
            let name = parts.removeLast()
            let shared = zip(open, parts).prefix { $0 == $1 }.count
            for (depth, part) in parts.enumerated().dropFirst(shared) { lines.append(indent(depth) + "\(part):") }
            open = parts
            lines.append(indent(parts.count) + "\(name): \(key.value.yaml)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    /// As an object for `JSONSerialization`.
    static func json(_ resolved: [ResolvedKey]) -> [String: Any] {
        var root: [String: Any] = [:]
        for key in resolved { insert(key.value.json, at: key.path.split(separator: ".").map(String.init)[...], into: &root) }
        return root
    }

    private static func insert(_ value: Any, at path: ArraySlice<String>, into node: inout [String: Any]) {
        guard let name = path.first else { return }
        guard path.count > 1 else { return node[name] = value }
        var child = node[name] as? [String: Any] ?? [:]
        insert(value, at: path.dropFirst(), into: &child)
        node[name] = child
    }
}
