internal import Foundation
internal import Torch

/// `model.json`: what a model is, beside its weights.
struct ModelDescription: Codable {
    let formatVersion: Int
    let braidVersion: String
    let modalities: [Modality]
    let targets: [Target]
    let calibration: Calibration
    let fusion: Configuration.Fusion
    let heads: [Configuration.Head]
    let columns: Columns
    let splits: SplitFractions
    let manifestSHA256: String

    /// 2: several heads, calibration, settings of every fusion.
    private static let formatVersion = 2

    init(_ model: FusionModel) {
        let settings = model.settings
        formatVersion = Self.formatVersion
        braidVersion = Version.current
        modalities = model.modalities
        targets = model.targets
        calibration = model.calibration
        fusion = settings.fusion
        heads = settings.heads
        columns = settings.columns
        splits = settings.splits
        manifestSHA256 = settings.manifestSHA256
    }

    var settings: FusionModel.Settings {
        FusionModel.Settings(fusion: fusion, heads: heads, columns: columns, splits: splits, manifestSHA256: manifestSHA256)
    }

    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(self), to: url)
    }

    /// - Throws: `BraidError` where the file is of another version, damaged, or says what cannot be.
    static func read(_ url: URL) throws -> ModelDescription {
        let json = try JSONObject(url)
        // Version 1 called it by another name.
        let version = try json.int(json.fields["formatVersion"] == nil ? "format_version" : "formatVersion")
        guard version == formatVersion else {
            throw json.fault(
                "format version is \(version), this Braid (\(Version.current)) reads \(formatVersion); train the model again")
        }
        let description: ModelDescription
        do { description = try JSONDecoder().decode(ModelDescription.self, from: Data(contentsOf: url)) } catch {
            throw json.fault("is not the description of a model: \(reason(error))")
        }
        if let fault = description.fault { throw json.fault(fault) }
        return description
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)"
        default: "\(error)"
        }
    }

    /// What of it no training writes.
    private var fault: String? {
        guard !modalities.isEmpty, Set(modalities).count == modalities.count else {
            return "modalities must be different names, at least one"
        }
        guard !heads.isEmpty, heads.map(\.name) == targets.map(\.name), heads.map(\.task) == targets.map(\.task) else {
            return "heads and targets must belong together, at least one"
        }
        let sizes = 1...65_536
        let isFusionPossible =
            sizes.contains(fusion.dimension) && (1...100).contains(fusion.layers) && (1...1024).contains(fusion.heads)
            && (1...4096).contains(fusion.rank) && (1...4096).contains(fusion.bottlenecks) && (1...4096).contains(fusion.tokens)
            && (!fusion.type.takesTokens || fusion.dimension.isMultiple(of: fusion.heads))
        guard isFusionPossible, heads.allSatisfy({ $0.hidden.allSatisfy(sizes.contains) }) else {
            return "the sizes of fusion or heads are impossible"
        }
        for target in targets {
            let isSound =
                target.task.isClassification
                ? !target.classes.isEmpty && Set(target.classes).count == target.classes.count
                    && (target.task != .binary || target.classes.count == 2)
                : target.classes.isEmpty && target.mean.isFinite && target.deviation.isFinite && target.deviation > 0
            if !isSound { return "target \(target.name) has impossible classes or numbers" }
        }
        return calibration.isSound ? nil : "calibration has an impossible temperature"
    }
}
