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
    /// Every section that a leaf stands under, and every leaf.
    private var sections: Set<String> = []
    /// The most bytes of a key with the sections that it lies in: some times what the longest has.
    private static let longestPath = 1000

    /// - Parameters:
    ///   - yaml: The text. JSON is YAML too.
    ///   - overrides: `key=value` pairs, the value in YAML.
    init(yaml: String, file: String, overrides: [String] = [], mostNodes: Int = Limit.yamlNodes.value) {
        self.file = file
        do {
            if let root = try Self.compose(yaml, file, mostNodes) { flatten(root, "", source: file) }
        } catch let error as BraidError {
            faults += error.faults
        } catch {
            // Of a file that repeats its keys, each of them is named.
            faults.append(Fault("is not valid YAML: \(String("\(error)".prefix(1000)))", file: file))
        }
        for override in overrides { add(override) }
        for section in ["modalities", "heads", "training.phases"] { leaveOutExcess(under: section) }
        index()
    }

    /// More names than these under a section of names are hardly meant, and each would be read key by key.
    private static let mostNames = 256

    private mutating func leaveOutExcess(under section: String) {
        let names = names(under: section)
        guard names.count > Self.mostNames else { return }
        faults.append(Fault("\(section) has \(names.count) names; expected at most \(Self.mostNames)", file: file))
        let kept = Set(names.prefix(Self.mostNames))
        leaves = leaves.filter { path, _ in
            guard path.hasPrefix(section + ".") else { return true }
            return kept.contains(path.dropFirst(section.utf8.count + 1).split(separator: ".").first.map(String.init) ?? "")
        }
    }

    /// - Throws: `BraidError` where the text stands for more nodes than it may; Yams' error where it is no YAML.
    private static func compose(_ yaml: String, _ file: String, _ most: Int = Limit.yamlNodes.value) throws -> Node? {
        guard DocumentSize(yaml, most: most).nodes <= most else {
            throw Limit.yamlNodes.exceeded("more than \(most) keys, values and lists, aliases counted", file: file, bound: most)
        }
        return try Yams.compose(yaml: yaml)
    }

    /// The same document with `settings` (values in YAML, by key) in place of what it says of them, and without the keys that
    /// `isGone` holds for.
    func with(_ settings: [String: String], without isGone: (String) -> Bool = { _ in false }) -> ConfigurationDocument {
        var copy = self
        copy.leaves = leaves.filter { !isGone($0.key) && settings[$0.key] == nil }
        copy.emptySections = emptySections.filter { !isGone($0) }
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) { copy.add("\(key)=\(value)") }
        copy.index()
        return copy
    }

    private mutating func add(_ override: String) {
        let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            faults.append(Fault("--set \(override): expected key=value"))
            return
        }
        do {
            let node = try Self.compose(String(parts[1]), "--set \(parts[0])") ?? Node("")
            if node.mapping?.isEmpty == true { faults.append(Fault("--set \(override): sets nothing")) }
            flatten(node, String(parts[0]), source: "--set")
        } catch let error as BraidError {
            faults += error.faults
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
            guard path.utf8.count + name.utf8.count < Self.longestPath else {
                let message = "a key of more than \(Self.longestPath) bytes with its sections; no key is as long"
                faults.append(Fault(message, file: file, line: key.mark?.line))
                return
            }
            flatten(value, path.isEmpty ? name : "\(path).\(name)", source: source)
        }
    }

    /// Notes what is given, so that no key is looked for among all others.
    private mutating func index() {
        sections.removeAll()
        for path in leaves.keys {
            var rest = path[...]
            while sections.insert(String(rest)).inserted, let dot = rest.lastIndex(of: ".") { rest = rest[..<dot] }
        }
    }

    private mutating func position(of path: String) -> Int {
        let position = positions[path] ?? positions.count
        positions[path] = position
        return position
    }

    /// Whether any key under `section`, or itself, is given.
    func has(_ section: String) -> Bool { sections.contains(section) }

    /// The names of what stands under `section`, in the document's order.
    func names(under section: String) -> [String] {
        let prefix = section + "."
        let paths = emptySections.union(leaves.keys).filter { $0.hasPrefix(prefix) }
        let found = paths.sorted { (positions[$0] ?? .max) < (positions[$1] ?? .max) }
            .compactMap { $0.dropFirst(prefix.count).split(separator: ".").first.map(String.init) }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }
}
