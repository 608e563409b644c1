/// Reads a document key by key, and knows afterwards which keys it was asked for.
///
/// Each key is named once, by the call that reads it: its type, default, range and meaning. From those calls come the errors (all at
/// once, with lines), the list of known keys, the resolved configuration, `model.json` and the JSON Schema. Kinds that other targets
/// add read their own keys with the same calls.
public struct ConfigurationReader {
    /// What a call says of its key; meaning and schema only where the reading is to learn which keys there are.
    struct Key {
        let path: String
        var meaning: String
        var schema: [String: any Sendable]
    }

    let document: ConfigurationDocument
    /// What is wrong with what was read so far.
    private(set) var faults: [Fault]
    var keys: [Key] = []
    /// Every key with the value that holds, in the order they were read.
    private(set) var resolved: [ResolvedKey] = []
    /// Whether this reading is only to learn which keys there are: each that could be read is to be.
    let describesAll: Bool
    /// Whether a key that is given where it does not act is let pass: models of format 2 store every setting, and a configuration that is
    /// changed may leave some without a use.
    let allowsIdleKeys: Bool
    /// Those that were let pass.
    private(set) var idleKeys: Set<String> = []

    init(_ document: ConfigurationDocument, describesAll: Bool = false, allowsIdleKeys: Bool = false) {
        self.document = document
        self.describesAll = describesAll
        self.allowsIdleKeys = allowsIdleKeys
        faults = document.faults
    }

    /// Whether the key, or any key of that section, is given.
    public func has(_ path: String) -> Bool { document.has(path) }

    /// Whether the key itself is given, and not only keys under it.
    func isGiven(_ path: String) -> Bool { document.leaves[path] != nil }

    /// The names of what stands under `section`, in the document's order.
    func names(under section: String) -> [String] { document.names(under: section) }

    /// Reports a key that is given where it does not act.
    ///
    /// - Parameters:
    ///   - path: The key, with the sections it lies in before it, joined with dots.
    ///   - acts: Whether it does.
    ///   - reason: With what it would act.
    public mutating func refuse(_ path: String, unless acts: Bool, _ reason: String) {
        guard !acts && has(path) else { return }
        if allowsIdleKeys { idleKeys.insert(path) } else { fault(reason, path) }
    }

    /// Says that keys which were read do not act: they are refused where they are given, and not recorded.
    ///
    /// - Parameters:
    ///   - paths: The keys.
    ///   - acts: Whether they act after all; then nothing happens.
    ///   - reason: With what they would act.
    mutating func idle(_ paths: [String], unless acts: Bool, _ reason: String) {
        guard !acts else { return }
        for path in paths { refuse(path, unless: false, reason) }
        resolved.removeAll { paths.contains($0.path) }
    }

    /// The same of every key that `read` reads.
    mutating func acting<Value>(_ acts: Bool, else reason: String, _ read: (inout ConfigurationReader) -> Value) -> Value {
        let first = keys.count
        let value = read(&self)
        idle(keys[first...].map(\.path), unless: acts, reason)
        return value
    }

    /// Reports what is wrong with a key. The reading goes on: all faults are one error.
    public mutating func fault(_ message: String, _ path: String) {
        let leaf = document.leaves[path]
        faults.append(Fault(message, file: leaf?.source ?? document.file, line: leaf?.line, field: path))
    }

    /// Makes a key known that is not read by any of the calls.
    mutating func describe(_ path: String, _ meaning: String, schema: [String: any Sendable]) {
        keys.append(Key(path: path, meaning: meaning, schema: schema))
    }

    /// Ends the reading: whatever was given and never asked for is an unknown key.
    mutating func finish() {
        let known = Set(keys.map(\.path))
        let unknown = document.leaves.keys.filter { !known.contains($0) }.sorted()
        guard !unknown.isEmpty else { return }
        let sections = known.reduce(into: Set<String>()) { sections, path in
            var rest = path[...]
            repeat {
                guard let dot = rest.lastIndex(of: ".") else { return }
                rest = rest[..<dot]
            } while sections.insert(String(rest)).inserted
        }
        for (index, path) in unknown.enumerated() {
            if sections.contains(path) {
                fault("is a section; expected keys and values under it", path)
                continue
            }
            // Looking for what was meant takes longer than all the rest, and of so many nobody reads it.
            let near = index < Self.suggestions ? nearest(to: path, in: known).map { "; did you mean \($0)?" } : nil
            fault("unknown key\(near ?? "")", path)
        }
    }

    /// Of how many unknown keys the likeliest meaning is told.
    static let suggestions = 50

    /// - Throws: `BraidError` with every fault, in the order of their lines.
    func check() throws {
        guard !faults.isEmpty else { return }
        throw BraidError(.badConfiguration, faults: faults.sorted { ($0.line ?? .max) < ($1.line ?? .max) })
    }

    /// The core of every reading call: `parse` gives nil where the value does not fit.
    ///
    /// What is expected, and the schema, are only made where they are asked for.
    ///
    /// - Parameter records: Whether the value belongs in the resolved document; not where its section does not act.
    mutating func read<Value>(
        _ path: String, _ fallback: Value?, _ meaning: String, expected: @autoclosure () -> String,
        schema: @autoclosure () -> [String: any Sendable],
        records: Bool = true, parse: (GivenValue) -> Value?, represent: (Value) -> SettingValue
    ) -> Value? {
        var value = fallback
        if let leaf = document.leaves[path] {
            value = parse(leaf.value)
            if value == nil { fault("expected \(expected())", path) }
        }
        // What a key means and may be is told by schemas alone: making it takes longer than reading the document.
        keys.append(Key(path: path, meaning: describesAll ? meaning : "", schema: describesAll ? schema() : [:]))
        if records, let value { resolved.append(ResolvedKey(path: path, value: represent(value))) }
        return value ?? fallback
    }
}

/// A key and the value that holds.
struct ResolvedKey: Sendable, Equatable {
    let path: String
    let value: SettingValue
}
