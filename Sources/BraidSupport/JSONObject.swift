public import Foundation

/// A JSON object read from a file, whose fields are asked for by name and type; a wrong one is an error that names both.
public struct JSONObject {
    /// The values by name, as Foundation's `JSONSerialization` gives them.
    public let fields: [String: Any]
    /// What errors call the object: its file, and the names of the objects it lies in.
    public let path: String

    /// Reads a file that holds one JSON object.
    ///
    /// - Throws: `BraidError`: `.noInput` where it cannot be read, `.badData` where it is no JSON object, or more than a limit.
    public init(_ url: URL) throws {
        guard let fields = try Self.value(url) as? [String: Any] else {
            throw BraidError(.badData, "\(url.path): is not a JSON object")
        }
        self.init(fields, path: url.path)
    }

    /// The value that a JSON file holds; nil where it holds none.
    ///
    /// - Throws: `BraidError` where it cannot be read, or has more bytes or values, or is deeper, than the limits let.
    package static func value(_ url: URL) throws -> Any? {
        let data = try JSONText.read(url)
        return try? JSONSerialization.jsonObject(with: data)
    }

    /// Reads a text that is one JSON object; `path` is what errors call it.
    ///
    /// - Throws: `BraidError` (`.badData`) where it is no JSON object, or more than a limit.
    public init(text: String, path: String) throws {
        let data = Data(text.utf8)
        try JSONText.check(data, file: path)
        guard let fields = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            throw BraidError(.badData, "\(path): is not a JSON object")
        }
        self.init(fields, path: path)
    }

    /// Makes an object of values that were read already; `path` is what errors call it.
    public init(_ fields: [String: Any], path: String) {
        self.fields = fields
        self.path = path
    }

    /// Whether there is a value under `name` that is not null.
    public func has(_ name: String) -> Bool { fields[name].map { !($0 is NSNull) } ?? false }

    /// The object under `name`; empty where there is none.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type.
    public func object(_ name: String) throws -> JSONObject {
        guard has(name) else { return JSONObject([:], path: "\(path): \(name)") }
        guard let inner = fields[name] as? [String: Any] else { throw fault("\(name) must be an object") }
        return JSONObject(inner, path: "\(path): \(name)")
    }

    /// The whole number under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func int(_ name: String, _ fallback: Int? = nil) throws -> Int {
        try value(name, fallback, "a whole number", Self.whole)
    }
    /// The number under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func double(_ name: String, _ fallback: Double? = nil) throws -> Double {
        try value(name, fallback, "a number that float32 holds", Self.real)
    }
    /// The number above 0 under `name`, or `fallback` where there is no value or null: what is added to a variance, so that nothing is divided by 0.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, not above 0, or missing and there is no fallback.
    public func positive(_ name: String, _ fallback: Double? = nil) throws -> Double {
        let number = try double(name, fallback)
        guard number > 0 else { throw fault("\(name) is \(number); expected a number above 0") }
        return number
    }
    /// The text under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func string(_ name: String, _ fallback: String? = nil) throws -> String {
        try value(name, fallback, "a text") { $0 as? String }
    }
    /// The truth value under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func bool(_ name: String, _ fallback: Bool? = nil) throws -> Bool {
        try value(name, fallback, "true or false") { $0 as? Bool }
    }
    /// The list of whole numbers under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func ints(_ name: String, _ fallback: [Int]? = nil) throws -> [Int] {
        try value(name, fallback, "a list of whole numbers") { Self.list($0, Self.whole) }
    }
    /// The list of texts under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func strings(_ name: String, _ fallback: [String]? = nil) throws -> [String] {
        try value(name, fallback, "a list of texts") { $0 as? [String] }
    }
    /// The list of numbers under `name`, or `fallback` where there is no value or null.
    ///
    /// - Throws: `BraidError` (`.badData`) where the value is of another type, or missing and there is no fallback.
    public func doubles(_ name: String, _ fallback: [Double]? = nil) throws -> [Double] {
        try value(name, fallback, "a list of numbers that float32 holds") { Self.list($0, Self.real) }
    }

    /// An error about this object, to be thrown: `.badData`, the path and `message`.
    public func fault(_ message: String) -> BraidError { BraidError(.badData, "\(path): \(message)") }

    /// `true` is no number, though `JSONSerialization` gives it as one.
    private static func whole(_ value: Any) -> Int? { (value as? NSNumber)?.isTruth == true ? nil : value as? Int }

    /// What weights and inputs become is float32: a number beyond that would be infinity there.
    private static func real(_ value: Any) -> Double? {
        guard let number = value as? NSNumber, !number.isTruth else { return nil }
        return abs(number.doubleValue) <= Double(Float.greatestFiniteMagnitude) ? number.doubleValue : nil
    }

    private static func list<Value>(_ value: Any, _ read: (Any) -> Value?) -> [Value]? {
        guard let items = value as? [Any] else { return nil }
        let read = items.compactMap(read)
        return read.count == items.count ? read : nil
    }

    private func value<Value>(_ name: String, _ fallback: Value?, _ expected: String, _ cast: (Any) -> Value?) throws -> Value {
        guard has(name), let raw = fields[name] else {
            guard let fallback else { throw fault("\(name) is missing; expected \(expected)") }
            return fallback
        }
        guard let value = cast(raw) else { throw fault("\(name) must be \(expected)") }
        return value
    }
}
