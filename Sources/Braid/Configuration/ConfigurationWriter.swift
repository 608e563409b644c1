/// Writes resolved keys as documents, sections nested.
enum ConfigurationWriter {
    /// As YAML, in the order of the keys; those of a section together, where it began.
    static func yaml(_ resolved: [ResolvedKey]) -> String {
        var lines: [String] = []
        var open: [Substring] = []
        for key in grouped(resolved) {
            var parts = key.path.split(separator: ".")
            let name = parts.removeLast()
            let shared = zip(open, parts).prefix { $0 == $1 }.count
            for (depth, part) in parts.enumerated().dropFirst(shared) { lines.append(indent(depth) + "\(part):") }
            open = parts
            lines.append(indent(parts.count) + "\(name): \(key.value.yaml)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A section may be read in two goes: a key that depends on another section comes after that one.
    private static func grouped(_ resolved: [ResolvedKey]) -> [ResolvedKey] {
        var first: [String: Int] = [:]
        let places = resolved.enumerated().map { index, key in
            var path = ""
            return key.path.split(separator: ".").map { part in
                path += ".\(part)"
                let place = first[path] ?? index
                first[path] = place
                return place
            }
        }
        return resolved.indices.sorted { places[$0].lexicographicallyPrecedes(places[$1]) }.map { resolved[$0] }
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
