internal import Foundation

extension Configuration {
    /// The JSON Schema of the configuration, for editors: made from the same calls that read it.
    public static func jsonSchema() throws -> String {
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "", file: ""), describesAll: true)
        _ = Configuration(&reader, folder: URL(fileURLWithPath: "/"))
        var root = object()
        // Of a name that stands for several kinds the first one's words are taken.
        var seen: Set<String> = []
        for key in reader.keys where seen.insert(key.path).inserted {
            var schema = key.schema
            schema["description"] = key.meaning
            insert(schema, at: key.path.split(separator: ".").map(String.init)[...], into: &root)
        }
        root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        root["title"] = "Braid configuration"
        let data = try JSONSerialization.data(
            withJSONObject: root, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        return (String(data: data, encoding: .utf8) ?? "") + "\n"
    }

    private static func object() -> [String: any Sendable] {
        ["type": "object", "additionalProperties": false, "properties": [String: any Sendable]()]
    }

    private static func insert(
        _ schema: [String: any Sendable], at path: ArraySlice<String>, into node: inout [String: any Sendable]
    ) {
        guard let name = path.first else { return }
        if name == "*" {
            // Whatever the user calls it.
            guard path.count > 1 else {
                node["additionalProperties"] = schema
                return
            }
            var child = node["additionalProperties"] as? [String: any Sendable] ?? object()
            insert(schema, at: path.dropFirst(), into: &child)
            node["additionalProperties"] = child
            // Beside names that are the user's own there may be some that are known.
            if (node["properties"] as? [String: any Sendable])?.isEmpty == true { node["properties"] = nil }
            return
        }
        var properties = node["properties"] as? [String: any Sendable] ?? [:]
        if path.count == 1 {
            properties[name] = schema
        } else {
            var child = properties[name] as? [String: any Sendable] ?? object()
            insert(schema, at: path.dropFirst(), into: &child)
            properties[name] = child
        }
        node["properties"] = properties
    }
}
