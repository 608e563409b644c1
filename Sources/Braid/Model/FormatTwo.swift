internal import Foundation

/// `model.json` of format 2: every setting, acting or not, as the fields of that version's types.
enum FormatTwo {
    private static let fusionKeys = [
        "type": "type", "dimension": "dim", "layers": "layers", "heads": "heads", "rank": "rank", "bottlenecks": "bottlenecks",
        "tokens": "tokens", "dropout": "dropout", "modalityDropout": "modality_dropout",
    ]
    private static let headKeys = [
        "task": "task", "hidden": "hidden", "dropout": "dropout", "loss": "loss", "focalGamma": "focal_gamma",
        "labelSmoothing": "label_smoothing", "classWeights": "class_weights", "positive": "positive", "calibration": "calibration",
    ]

    /// The same in the fields of format 3.
    static func converted(_ json: JSONObject) throws -> JSONObject {
        func renamed(_ fields: [String: Any], _ names: [String: String]) -> [String: Any] {
            Dictionary(uniqueKeysWithValues: fields.compactMap { key, value in names[key].map { ($0, value) } })
        }
        guard let heads = json.fields["heads"] as? [[String: Any]] else { throw json.fault("heads must be a list of objects") }
        var settings: [String: Any] = ["fusion": renamed(try json.object("fusion").fields, fusionKeys)]
        let splits = try json.object("splits").fields
        settings["splits"] = splits
        let columns = try json.object("columns")
        settings["columns"] = try columns.object("names").fields.merging(["ignore": columns.strings("ignored", [])]) { $1 }
        if heads.count == 1, heads[0]["name"] as? String == "label", heads[0]["column"] as? String == "label" {
            settings["head"] = renamed(heads[0], headKeys)
        } else {
            let names = headKeys.merging(["column": "column", "weight": "weight"]) { $1 }
            settings["heads"] = Dictionary(
                heads.map { ($0["name"] as? String ?? "", renamed($0, names)) }, uniquingKeysWith: { first, _ in first })
        }
        let fields: [String: Any] = [
            "modalities": json.fields["modalities"] ?? [], "manifest_sha256": try json.string("manifestSHA256"),
            "settings": settings,
            "targets": json.fields["targets"] ?? [], "calibration": try json.object("calibration").fields["temperatures"] ?? [:],
        ]
        return JSONObject(fields, path: json.path)
    }
}
