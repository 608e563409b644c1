extension ConfigurationReader {
    /// Reads a text, `fallback` where none is given.
    public mutating func string(_ path: String, _ fallback: String, _ meaning: String) -> String {
        optionalString(path, meaning, default: fallback) ?? fallback
    }

    /// Reads a text that need not be given: nil where it is not, or is empty.
    public mutating func optionalString(_ path: String, _ meaning: String, default fallback: String? = nil) -> String? {
        read(
            path, fallback, meaning, expected: "a text", schema: Self.text(fallback),
            parse: { $0.text.flatMap { $0.isEmpty || $0 == "~" ? nil : $0 } }, represent: { .text($0) })
    }

    /// Reads a list of texts, empty where none is given.
    public mutating func strings(_ path: String, _ meaning: String) -> [String] {
        read(
            path, [], meaning, expected: "a list of texts",
            schema: ["type": "array", "items": ["type": "string"] as [String: any Sendable]],
            parse: { given in
                guard let items = given.items else { return nil }
                let texts = items.compactMap(\.text)
                return texts.count == items.count ? texts : nil
            }, represent: { .list($0.map { .text($0) }) }) ?? []
    }

    /// Reads a whole number.
    ///
    /// - Parameters:
    ///   - path: The key, with the sections it lies in before it, joined with dots.
    ///   - fallback: The value where none is given.
    ///   - range: What it may be.
    ///   - meaning: What the JSON Schema says of the key.
    ///   - records: Whether the value belongs in the resolved document; false where it does not act.
    public mutating func int(
        _ path: String, _ fallback: Int, _ range: ClosedRange<Int>, _ meaning: String, records: Bool = true
    ) -> Int {
        read(
            path, fallback, meaning,
            expected: "a whole number from \(range.lowerBound)\(range.upperBound == .max ? " up" : " to \(range.upperBound)")",
            schema: Self.bounds("integer", range, fallback), records: records,
            parse: { given in given.int.flatMap { range.contains($0) ? $0 : nil } }, represent: { .whole($0) }) ?? fallback
    }

    /// Reads a list of sizes, each from 1 to 65,536.
    public mutating func ints(_ path: String, _ fallback: [Int], _ meaning: String) -> [Int] {
        let most = Limit.layers.value
        if let count = document.leaves[path]?.value.items?.count, count > most {
            fault(Limit.layers.fault("a list of \(count) sizes").message, path)
            return fallback
        }
        return read(
            path, fallback, meaning, expected: "a list of whole numbers from 1 to 65536",
            schema: [
                "type": "array", "items": ["type": "integer", "minimum": 1, "maximum": 65_536] as [String: any Sendable],
                "default": fallback,
            ],
            parse: { given in
                guard let items = given.items else { return nil }
                let numbers = items.compactMap { $0.int.flatMap { (1...65_536).contains($0) ? $0 : nil } }
                return numbers.count == items.count ? numbers : nil
            }, represent: { .list($0.map { .whole($0) }) }) ?? fallback
    }

    /// Reads a finite number.
    ///
    /// - Parameters:
    ///   - path: The key, with the sections it lies in before it, joined with dots.
    ///   - fallback: The value where none is given.
    ///   - range: What it may be.
    ///   - meaning: What the JSON Schema says of the key.
    ///   - records: Whether the value belongs in the resolved document; false where it does not act.
    public mutating func double(
        _ path: String, _ fallback: Double, _ range: ClosedRange<Double>, _ meaning: String, records: Bool = true
    ) -> Double {
        read(
            path, fallback, meaning,
            expected: "a number from \(range.lowerBound)\(range.upperBound == .infinity ? " up" : " to \(range.upperBound)")",
            schema: Self.bounds("number", range, fallback), records: records,
            parse: { given in given.double.flatMap { $0.isFinite && range.contains($0) ? $0 : nil } },
            represent: { .number($0) }) ?? fallback
    }

    /// Reads one of the names of an enumeration.
    ///
    /// - Parameters:
    ///   - path: The key, with the sections it lies in before it, joined with dots.
    ///   - fallback: The value where none is given.
    ///   - meaning: What the JSON Schema says of the key.
    ///   - records: Whether the value belongs in the resolved document; false where it does not act.
    public mutating func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ fallback: Choice, _ meaning: String, records: Bool = true
    ) -> Choice where Choice.RawValue == String {
        let name = name(path, fallback.rawValue, of: Choice.allCases.map(\.rawValue), meaning, records: records)
        return Choice(rawValue: name) ?? fallback
    }

    /// Reads one of `names`.
    mutating func name(
        _ path: String, _ fallback: String, of names: [String], _ meaning: String, records: Bool = true
    ) -> String {
        read(
            path, fallback, meaning, expected: "one of \(names.joined(separator: ", "))",
            schema: ["type": "string", "enum": names, "default": fallback], records: records,
            parse: { $0.text.flatMap { names.contains($0) ? $0 : nil } }, represent: { .text($0) }) ?? fallback
    }

    /// Reads true or false.
    public mutating func bool(_ path: String, _ fallback: Bool, _ meaning: String) -> Bool {
        read(
            path, fallback, meaning, expected: "true or false", schema: ["type": "boolean", "default": fallback],
            parse: { $0.bool }, represent: { .flag($0) }) ?? fallback
    }

    /// Reads a number that has no default: nil where none is given.
    public mutating func optionalDouble(_ path: String, _ range: ClosedRange<Double>, _ meaning: String) -> Double? {
        read(
            path, nil, meaning, expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: ["type": "number", "minimum": range.lowerBound, "maximum": range.upperBound],
            parse: { given in given.double.flatMap { range.contains($0) ? $0 : nil } }, represent: { .number($0) })
    }

    /// Reads a whole number that has no default: nil where none is given.
    public mutating func optionalInt(_ path: String, _ range: ClosedRange<Int>, _ meaning: String) -> Int? {
        read(
            path, nil, meaning, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            schema: ["type": "integer", "minimum": range.lowerBound, "maximum": range.upperBound],
            parse: { given in given.int.flatMap { range.contains($0) ? $0 : nil } }, represent: { .whole($0) })
    }

    /// Reads one of the names of an enumeration that has no default: nil where none is given.
    public mutating func optionalChoice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ path: String, _ meaning: String
    ) -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        return read(
            path, nil, meaning, expected: "one of \(names.joined(separator: ", "))",
            schema: ["type": "string", "enum": names],
            parse: { $0.text.flatMap(Choice.init) }, represent: { .text($0.rawValue) })
    }

    /// Reads a value that has a syntax of its own.
    mutating func parsed<Value>(
        _ path: String, _ fallback: Value, _ meaning: String, expected: String, pattern: String,
        parse: (String) -> Value?, represent: (Value) -> String, records: Bool
    ) -> Value {
        read(
            path, fallback, meaning, expected: expected,
            schema: ["type": "string", "pattern": pattern, "default": represent(fallback)], records: records,
            parse: { $0.text.flatMap(parse) }, represent: { .text(represent($0)) }) ?? fallback
    }

    private static func text(_ fallback: String?) -> [String: any Sendable] {
        guard let fallback else { return ["type": "string"] }
        return ["type": "string", "default": fallback]
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
