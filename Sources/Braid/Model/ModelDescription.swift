internal import Foundation

/// `model.json`: what a model is, beside its weights.
///
/// Settings are stored as a configuration's keys and read by the same calls: a model that was written before a key existed has the key's
/// default. What was learnt, classes and temperatures, is stored as it is.
struct ModelDescription {
    let modalities: [Modality]
    let targets: [Target]
    let calibration: Calibration
    let settings: ModelSettings
    /// nil where the training began with no earlier model.
    let lineage: Lineage?

    /// 3: settings as keys. 2, which had them as the fields of that version's types, is converted when it is read.
    private static let formatVersion = 3

    init(_ model: FusionModel) {
        (modalities, targets) = (model.modalities, model.targets)
        (calibration, settings, lineage) = (model.calibration, model.settings, model.lineage)
    }

    func write(to url: URL) throws {
        var fields: [String: Any] = [
            "format_version": Self.formatVersion, "braid_version": Version.current, "modalities": modalities.map(\.stored),
            "manifest_sha256": settings.manifestSHA256, "settings": ConfigurationWriter.json(settings.resolved),
            "targets": try JSONSerialization.jsonObject(with: JSONEncoder().encode(targets.map(TargetRecord.init))),
            "calibration": calibration.temperatures,
        ]
        if let lineage { fields["lineage"] = try JSONSerialization.jsonObject(with: JSONEncoder().encode(lineage)) }
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(JSONSerialization.data(withJSONObject: fields, options: options), to: url)
    }

    /// - Throws: `BraidError` where the file is of another version, damaged, or says what cannot be.
    static func read(_ url: URL) throws -> ModelDescription {
        let json = try JSONObject(url)
        // Version 2 called it by another name.
        let version = try json.int(json.fields["formatVersion"] == nil ? "format_version" : "formatVersion")
        switch version {
        case formatVersion: return try ModelDescription(json, isOfFormat2: false)
        case 2: return try ModelDescription(FormatTwo.converted(json), isOfFormat2: true)
        default:
            throw json.fault(
                "format version is \(version), this Braid (\(Version.current)) reads 2 and \(formatVersion); train the model again")
        }
    }

    private init(_ json: JSONObject, isOfFormat2: Bool) throws {
        modalities = try json.strings("modalities").map { name in
            guard let modality = Modality(stored: name) else { throw json.fault("\(name) is not a modality") }
            return modality
        }
        guard !modalities.isEmpty, Set(modalities).count == modalities.count else {
            throw json.fault("modalities must be different names, at least one")
        }
        let text = String(
            decoding: try JSONSerialization.data(
                withJSONObject: json.object("settings").fields, options: [.withoutEscapingSlashes]),
            as: UTF8.self)
        // Without it, the configuration's default would be taken: a fusion that training chooses.
        guard try json.object("settings").object("fusion").has("type") else { throw json.fault("settings: fusion.type is missing") }
        let records: [TargetRecord] = try Self.decode("targets", of: json)
        settings = try ModelSettings(
            ConfigurationDocument(yaml: text, file: json.path), modalities: modalities.count, order: records.map(\.name),
            manifestSHA256: json.string("manifest_sha256"), allowsIdleKeys: isOfFormat2)
        guard !records.isEmpty, records.map(\.name) == settings.heads.map(\.name) else {
            throw json.fault("heads and targets must belong together, at least one")
        }
        targets = try zip(records, settings.heads).map { record, head in
            let isPair = head.kind != .binary || record.classes.count == 2
            guard record.isSound(for: head.kind.form), isPair else {
                throw json.fault("target \(record.name) has impossible classes or numbers")
            }
            return record.target(head.task)
        }
        calibration = Calibration(temperatures: try Self.decode("calibration", of: json))
        guard calibration.isSound else { throw json.fault("calibration has an impossible temperature") }
        lineage = json.has("lineage") ? try Self.decode("lineage", of: json) : nil
        guard lineage?.isSound ?? true else { throw json.fault("lineage has an impossible stage") }
    }

    private static func decode<Value: Decodable>(_ name: String, of json: JSONObject) throws -> Value {
        guard let field = json.fields[name] else { throw json.fault("\(name) is missing") }
        do {
            return try JSONDecoder().decode(
                Value.self, from: JSONSerialization.data(withJSONObject: field, options: .fragmentsAllowed))
        } catch { throw json.fault("\(name) is not what a training writes") }
    }
}
