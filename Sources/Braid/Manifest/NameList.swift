internal import Foundation

/// Names in a cell, written as a list: by JSON, or by Python, whose `str(["a", "b"])` ends up in many a CSV file.
enum NameList {
    /// The list as JSON.
    static func text(_ names: [String]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: names, options: [.withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    /// The names; nil where the cell is no list in brackets.
    static func names(in text: String) -> [String]? {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return nil }
        if let list = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any] {
            return list.map { ($0 as? String) ?? "\($0)" }
        }
        return python(text.dropFirst().dropLast())
    }

    /// Quoted names with commas between: `'red', "it's"`.
    private static func python(_ text: Substring) -> [String]? {
        var names: [String] = []
        var rest = text.drop(while: \.isWhitespace)
        while let quote = rest.first {
            guard quote == "'" || quote == "\"" else { return nil }
            var name = ""
            var index = rest.index(after: rest.startIndex)
            while index < rest.endIndex, rest[index] != quote {
                if rest[index] == "\\", rest.index(after: index) < rest.endIndex { index = rest.index(after: index) }
                name.append(rest[index])
                index = rest.index(after: index)
            }
            guard index < rest.endIndex else { return nil }
            names.append(name)
            rest = rest[rest.index(after: index)...].drop(while: \.isWhitespace)
            guard rest.first == "," else { return rest.isEmpty ? names : nil }
            rest = rest.dropFirst().drop(while: \.isWhitespace)
        }
        return names
    }
}
