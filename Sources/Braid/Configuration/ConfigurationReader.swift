internal import Foundation
internal import Torch
internal import Yams

/// Reads a YAML document key by key, and knows afterwards which keys it was asked for.
///
/// Each key is named once, by the call that reads it: its type, default, range and meaning. From those calls come the
/// errors (all at once, with lines), the list of known keys, the resolved configuration and the JSON Schema.
struct ConfigurationReader {
    /// What a call says of its key.
    struct Key {
        let path: String
        let meaning: String
        let schema: [String: any Sendable]
    }

    /// A value in the document or in `--set`.
    private struct Leaf {
        let node: Node
        let line: Int?
        let isOverride: Bool
    }

    private(set) var faults: [Fault] = []
    private(set) var keys: [Key] = []
    /// Every key with the value that holds, in the order they were read.
    private(set) var resolved: [(path: String, value: Node)] = []
    private var leaves: [String: Leaf] = [:]
    private let file: String
    /// Whether this reading is only to learn which keys there are: each that could be read is to be.
    let describesAll: Bool

    /// - Parameter overrides: `key=value` pairs, the value in YAML.
    init(yaml: String, file: String, overrides: [String] = [], describesAll: Bool = false) {
        self.file = file
        self.describesAll = describesAll
        do {
            if let root = try Yams.compose(yaml: yaml) { flatten(root, "", isOverride: false) }
        } catch {
            faults.append(Fault("is not valid YAML: \(error)", file: file))
        }
        for override in overrides { add(override) }
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
            flatten(node, String(parts[0]), isOverride: true)
        } catch {
            faults.append(Fault("--set \(override): the value is not valid YAML"))
        }
    }

    private mutating func flatten(_ node: Node, _ path: String, isOverride: Bool) {
        guard let mapping = node.mapping else {
            guard !path.isEmpty else { return faults.append(Fault("expected keys and values", file: file, line: 1)) }
            leaves[path] = Leaf(node: node, line: isOverride ? nil : node.mark?.line, isOverride: isOverride)
            return
        }
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                faults.append(Fault("a key must be a name", file: file, line: key.mark?.line))
                continue
            }
            flatten(value, path.isEmpty ? name : "\(path).\(name)", isOverride: isOverride)
        }
    }

    /// Whether any key under `section` is given.
    func has(_ section: String) -> Bool { leaves.keys.contains { $0 == section || $0.hasPrefix(section + ".") } }

    /// The names of what stands under `section`, in the document's order.
    func names(under section: String) -> [String] {
        let prefix = section + "."
        let found = leaves.filter { $0.key.hasPrefix(prefix) }.sorted {
            ($0.value.line ?? .max, $0.key) < ($1.value.line ?? .max, $1.key)
        }
        .compactMap { $0.key.dropFirst(prefix.count).split(separator: ".").first.map(String.init) }
        return found.enumerated().filter { found.firstIndex(of: $1) == $0 }.map(\.element)
    }

    /// Reports a key that is given where it does not act.
    mutating func refuse(_ path: String, unless acts: Bool, _ reason: String) {
        if !acts && has(path) { fault(reason, path) }
    }

    mutating func fault(_ message: String, _ path: String) {
        let leaf = leaves[path]
        faults.append(Fault(message, file: leaf?.isOverride == true ? "--set" : file, line: leaf?.line, field: path))
    }

    /// Ends the reading: whatever was given and never asked for is an unknown key.
    mutating func finish() {
        let known = Set(keys.map(\.path))
        for path in leaves.keys.sorted() where !known.contains(path) {
            if known.contains(where: { $0.hasPrefix(path + ".") }) {
                fault("is a section; expected keys and values under it", path)
                continue
            }
            let near = nearest(to: path, in: known).map { "; did you mean \($0)?" } ?? ""
            fault("unknown key\(near)", path)
        }
    }

    /// The core of every reader: `parse` gives nil where the node does not fit.
    ///
    /// - Parameter records: Whether the value belongs in the resolved document; not where its section does not act.
    private mutating func read<Value>(
        _ path: String, _ fallback: Value?, _ meaning: String, expected: String, schema: [String: any Sendable],
        records: Bool = true, parse: (Node) -> Value?, represent: (Value) -> Node
    ) -> Value? {
        var value = fallback
        if let leaf = leaves[path] {
            value = parse(leaf.node)
            if value == nil { fault("expected \(expected)", path) }
        }
        keys.append(Key(path: path, meaning: meaning, schema: schema))
        if records, let value { resolved.append((path, represent(value))) }
        return value ?? fallback
    }
}

// MARK: - Readers by type

extension ConfigurationReader {
    mutating func string(_ path: String, _ fallback: String, _ meaning: String) -> String {
        optionalString(path, meaning, default: fallback) ?? fallback
    }

    mutating func optionalString(_ path: String, _ meaning: String, default fallback: String? = nil) -> String? {
        var schema: [String: any Sendable] = ["type": "string"]
        if let fallback { schema["default"] = fallback }
        return read(
            path, fallback, meaning, expected: "a text", schema: schema,
            parse: { $0.scalar.flatMap { $0.string.isEmpty || $0.string == "~" ? nil : $0.string } }, represent: { Node($0) })
    }

    mutating func strings(_ path: String, _ meaning: String) -> [String] {
        read(
            path, [], meaning, expected: "a list of texts",
            schema: ["type": "array", "items": ["type": "string"] as [String: any Sendable]],
            parse: { node in
                guard let items = node.sequence else { return nil }
                let texts = items.compactMap { $0.scalar?.string }
                return texts.count == items.count ? texts : nil
            }, represent: { Node($0.map { Node($0) }) }) ?? []
    }

    mutating func int(
        _ path: String, _ fallback: Int, _ range: ClosedRange<Int>, _ meaning: String, records: Bool = true
    ) -> Int {
        read(
            path, fallback, meaning,
            expected: "a whole number from \(range.lowerBound)\(range.upperBound == .max ? " up" : " to \(range.upperBound)")",
            schema: Self.bounds("integer", range, fallback), records: records,
            parse: { node in node.int.flatMap { range.contains($0) ? $0 : nil } }, represent: { Node(String($0)) }) ?? fallback
    }

    mutating func ints(_ path: String, _ fallback: [Int], _ meaning: String) -> [Int] {
        read(
            path, fallback, meaning, expected: "a list of whole numbers from 1 to 65536",
            schema: [
                "type": "array", "items": ["type": "integer", "minimum": 1, "maximum": 65_536] as [String: any Sendable],
                "default": fallback,
            ],
            parse: { node in
                guard let items = node.sequence else { return nil }
                let numbers = items.compactMap { $0.int.flatMap { (1...65_536).contains($0) ? $0 : nil } }
                return numbers.count == items.count ? numbers : nil
            }, represent: { Node($0.map { Node(String($0)) }) }) ?? fallback
    }

    mutating func double(
        _ path: String, _ fallback: Double, _ range: ClosedRange<Double>, _ meaning: String, records: Bool = true
    ) -> Double {
        read(
            path, fallback, meaning,
            expected: "a number from \(range.lowerBound)\(range.upperBound == .infinity ? " up" : " to \(range.upperBound)")",
            schema: Self.bounds("number", range, fallback), records: records,
            parse: { node in node.float.flatMap { $0.isFinite && range.contains($0) ? $0 : nil } },
            represent: { Node("\($0)") }) ?? fallback
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ fallback: Choice, _ meaning: String, records: Bool = true
    ) -> Choice where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        return read(
            path, fallback, meaning, expected: "one of \(names.joined(separator: ", "))",
            schema: ["type": "string", "enum": names, "default": fallback.rawValue], records: records,
            parse: { $0.scalar.flatMap { Choice(rawValue: $0.string) } }, represent: { Node($0.rawValue) }) ?? fallback
    }

    mutating func bool(_ path: String, _ fallback: Bool, _ meaning: String) -> Bool {
        read(
            path, fallback, meaning, expected: "true or false", schema: ["type": "boolean", "default": fallback],
            parse: { $0.bool }, represent: { Node($0 ? "true" : "false") }) ?? fallback
    }

    /// A number that has no default.
    mutating func optionalDouble(_ path: String, _ range: ClosedRange<Double>, _ meaning: String) -> Double? {
        read(
            path, nil, meaning, expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: ["type": "number", "minimum": range.lowerBound, "maximum": range.upperBound],
            parse: { node in node.float.flatMap { range.contains($0) ? $0 : nil } }, represent: { Node("\($0)") })
    }

    /// A choice that has no default.
    mutating func optionalChoice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ meaning: String
    ) -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        return read(
            path, nil, meaning, expected: "one of \(names.joined(separator: ", "))",
            schema: ["type": "string", "enum": names],
            parse: { $0.scalar.flatMap { Choice(rawValue: $0.string) } }, represent: { Node($0.rawValue) })
    }

    /// A key whose value has a syntax of its own.
    mutating func parsed<Value>(
        _ path: String, _ fallback: Value, _ meaning: String, expected: String, pattern: String,
        parse: (String) -> Value?, represent: (Value) -> String, records: Bool
    ) -> Value {
        read(
            path, fallback, meaning, expected: expected,
            schema: ["type": "string", "pattern": pattern, "default": represent(fallback)], records: records,
            parse: { $0.scalar.flatMap { parse($0.string) } }, represent: { Node(represent($0)) }) ?? fallback
    }

    private static func bounds<Number: Comparable & Sendable>(
        _ type: String, _ range: ClosedRange<Number>, _ fallback: Number
    ) -> [String: any Sendable] {
        var schema: [String: any Sendable] = ["type": type, "minimum": range.lowerBound, "default": fallback]
        let isOpen = (range.upperBound as? Int) == .max || (range.upperBound as? Double) == .infinity
        if !isOpen { schema["maximum"] = range.upperBound }
        return schema
    }
}
