internal import BraidSupport
internal import Foundation

extension JSONObject {
    /// The list of objects under `name`.
    func objects(_ name: String) throws -> [JSONObject] {
        guard has(name) else { throw fault("\(name) is missing; expected a list of objects") }
        guard let list = fields[name] as? [Any] else { throw fault("\(name) must be a list of objects") }
        return try list.enumerated().map { index, value in
            guard let fields = value as? [String: Any] else { throw fault("\(name) must be a list of objects") }
            return JSONObject(fields, path: "\(path): \(name)[\(index)]")
        }
    }

    /// Refuses fields that nothing reads, as they may change what the file means.
    func allow(_ names: String...) throws {
        guard let unknown = fields.keys.filter({ !names.contains($0) && $0 != "type" }).min() else { return }
        throw fault(
            "\(unknown) is not known; this version reads \(names.isEmpty ? "no field but type" : names.joined(separator: ", "))")
    }

    /// A token or a text, as UTF-8.
    func bytes(_ name: String, _ fallback: String? = nil) throws -> [UInt8] { Array(try string(name, fallback).utf8) }

    /// The same, no longer than a token may be: texts are compared with it place by place.
    func shortBytes(_ name: String, _ fallback: String? = nil) throws -> [UInt8] {
        let (bytes, bound) = (try bytes(name, fallback), Limit.tokenBytes.value)
        guard bytes.count <= bound else {
            throw Limit.tokenBytes.exceeded("has \(bytes.count) bytes", file: path, field: name, bound: bound)
        }
        return bytes
    }

    /// Exactly one scalar.
    func scalar(_ name: String) throws -> UInt32 {
        let scalars = Array(try string(name).unicodeScalars)
        guard scalars.count == 1 else { throw fault("\(name) must be one character") }
        return scalars[0].value
    }

    /// A token's id.
    func id(_ name: String) throws -> Int32 {
        guard let id = Int32(exactly: try int(name)), id >= 0 else {
            throw fault("\(name) must be a whole number from 0 to \(Int32.max)")
        }
        return id
    }

    /// A component of another type than those that are known.
    func unknown(_ component: String, _ type: String, _ known: [String]) -> BraidError {
        fault("\(component) of type \(type) is not known; this version reads \(known.joined(separator: ", "))")
    }
}

/// How many components of one kind a tokenizer has: every text goes through each.
struct ComponentCount {
    private let kind: String
    private let most = Limit.tokenizerComponents.value
    private var count = 0

    /// - Parameter kind: What errors call them.
    init(_ kind: String) { self.kind = kind }

    mutating func add(_ component: JSONObject, _ number: Int = 1) throws {
        count += number
        guard count <= most else {
            throw Limit.tokenizerComponents.exceeded("has more than \(most) \(kind)", file: component.path, bound: most)
        }
    }
}
