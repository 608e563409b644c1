package import Foundation

/// JSON from a file that nobody vouches for: looked over in one pass before anybody makes objects of it, of which each takes a hundred times
/// what it takes in the file.
package enum JSONText {
    /// Compares the text's size, depth and number of values with the limits; whether it is JSON at all is not asked.
    ///
    /// - Parameters:
    ///   - data: The text, in UTF-8 as JSON is.
    ///   - file: What errors call it.
    ///   - values: The most values and names that it may have.
    ///   - depth: How deep objects and lists may be nested.
    /// - Throws: `BraidError` (`.badData`) where it has more, or is not in UTF-8.
    package static func check(
        _ data: Data, file: String, values: Int = Limit.jsonValues.value, depth: Int = Limit.jsonDepth.value
    ) throws {
        let bound = Limit.jsonBytes.value
        guard data.count <= bound else { throw Limit.jsonBytes.exceeded("JSON of \(data.count) bytes", file: file, bound: bound) }
        let found = data.withUnsafeBytes { count($0, values: values, depth: depth) }
        switch found {
        case .fits: return
        case .values: throw Limit.jsonValues.exceeded("JSON of more than \(values) values", file: file, bound: values)
        case .depth: throw Limit.jsonDepth.exceeded("JSON that is nested more than \(depth) deep", file: file, bound: depth)
        case .zero: throw BraidError(.badData, "\(file): is not UTF-8, as JSON is")
        }
    }

    /// The JSON in a file, looked over.
    ///
    /// - Throws: `BraidError`: `.noInput` where it cannot be read, `.badData` where it has more than it may.
    package static func read(_ url: URL) throws -> Data {
        let data = try InputFile.bytes(of: url, within: .jsonBytes)
        try check(data, file: url.path)
        return data
    }

    /// What Braid wrote into a folder of its own, which may have changed since; nil where there is no such file.
    ///
    /// - Throws: `BraidError`: `.noInput` where it cannot be read, `.badData` where it is not what Braid writes, or has more than it may.
    package static func record<Value: Decodable>(_ url: URL, as type: Value.Type = Value.self) throws -> Value? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try decode(InputFile.bytes(of: url, within: .jsonBytes), file: url.path)
    }

    /// The same of a text that lies in another file: `file` is what errors call it.
    package static func decode<Value: Decodable>(
        _ data: Data, file: String, as type: Value.Type = Value.self, values: Int = Limit.jsonValues.value
    ) throws -> Value {
        try check(data, file: file, values: values)
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do { return try decoder.decode(type, from: data) } catch {
            throw BraidError(.badData, "\(file): is damaged, or not what this version of Braid writes")
        }
    }

    private enum Finding { case fits, values, depth, zero }

    private static func count(_ bytes: UnsafeRawBufferPointer, values most: Int, depth deepest: Int) -> Finding {
        var (values, depth, index) = (1, 0, 0)
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    // In UTF-16 a quote is another byte's half: what is counted would not be what is read.
                    if bytes[index] == 0 { return .zero }
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                values += 1
                if depth > deepest { return .depth }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): values += 1
            case 0: return .zero
            default: break
            }
            if values > most { return .values }
            index += 1
        }
        return .fits
    }
}
