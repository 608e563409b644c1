internal import Foundation
internal import Yams

/// What a configuration file and its overrides say: values by dotted key, none of them read yet.
///
/// A document never changes. Another one is made of it with keys set anew and others left out, and read again: so a configuration and
/// its document cannot differ.
struct ConfigurationDocument: Sendable {
    /// A value, and where it stands.
    struct Leaf: Sendable {
        let value: GivenValue
        let line: Int?
        /// What errors call the place: the file, or `--set`.
        let source: String
        /// Its place among all that the document ever had: a value that is given anew keeps the old one's.
        let position: Int
    }

    /// What errors call the document.
    let file: String
    /// By dotted key.
    private(set) var leaves: [String: Leaf] = [:]
    /// Sections without a key, `name: {}`.
    private var emptySections: Set<String> = []
    /// The place of every leaf and empty section there ever was.
    private var positions: [String: Int] = [:]
    /// What is no document at all.
    private(set) var faults: [Fault] = []

    /// - Parameters:
    ///   - yaml: The text. JSON is YAML too.
    ///   - overrides: `key=value` pairs, the value in YAML.
    init(yaml: String, file: String, overrides: [String] = []) {
        self.file = file
        do {
            if let root = try Yams.compose(yaml: yaml) { flatten(root, "", source: file) }
        } catch {
            faults.append(Fault("is not valid YAML: \(error)", file: file))
        }
        for override in overrides { add(override) }
    }

    /// The same document with `settings` (values in YAML, by key) in place of what it says of them, and without the keys that
    /// `isGone` holds for.
    func with(_ settings: [String: String], without isGone: (String) -> Bool = { _ in false }) -> ConfigurationDocument {
        var copy = self
        copy.leaves = leaves.filter { !isGone($0.key) && settings[$0.key] == nil }
        copy.emptySections = emptySections.filter { !isGone($0) }
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) { copy.add("\(key)=\(value)") }
        return copy
    }

    private mutating func add(_ override: String) {
        let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            faults.append(Fault("--set \(override): expected key=value"))
            return
        }
        do {
            let node = try Yams.compose(yaml: String(parts[1])) ?? Node("")
            if node.mapping?.isEmpty == true { faults.append(Fault("--set \(override): sets nothing")) }
            flatten(node, String(parts[0]), source: "--set")
        } catch {
            faults.append(Fault("--set \(override): the value is not valid YAML"))
        }
    }

    private mutating func flatten(_ node: Node, _ path: String, source: String) {
        guard let mapping = node.mapping else {
            guard !path.isEmpty else { return faults.append(Fault("expected keys and values", file: file, line: 1)) }
            let line = source == file ? node.mark?.line : nil
            leaves[path] = Leaf(value: GivenValue(node), line: line, source: source, position: position(of: path))
            return
        }
        if mapping.isEmpty, !path.isEmpty {
            emptySections.insert(path)
            _ = position(of: path)
        }
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                faults.append(Fault("a key must be a name", file: file, line: key.mark?.line))
                continue
            }
            flatten(value, path.isEmpty ? name : "\(path).\(name)", source: source)
        }
    }

    private mutating func position(of path: String) -> Int {
        let position = positions[path] ?? positions.count
        positions[path] = position
        return position
    }

    /// Whether any key under `section`, or itself, is given.
    func has(_ section: String) -> Bool { leaves.keys.contains { $0 == section || $0.hasPrefix(section + ".") } }

    /// The names of what stands under `section`, in the document's order.
    func names(under section: String) -> [String] {
        let prefix = section + "."
        let paths = emptySections.union(leaves.keys).filter { $0.hasPrefix(prefix) }
        let found = paths.sorted { (positions[$0] ?? .max) < (positions[$1] ?? .max) }
            .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init) }
        return found.enumerated().filter { found.firstIndex(of: $1) == $0 }.map(\.element)
    }
}
