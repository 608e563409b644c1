public import Foundation
public import Torch

/// A model on disk, complete and offline: `model.json`, the fusion's and head's weights, and a weights folder a modality.
public enum ModelFolder {
    private static let formatVersion = 1

    /// Writes `model` as folder `url`. It appears whole, or the old one stays.
    public static func write(_ model: FusionModel, to url: URL) throws {
        try ReplacedFolder(url).write { fresh in try write(model, into: fresh) }
    }

    private static func write(_ model: FusionModel, into fresh: URL) throws {
        try AtomicFile.write(description(of: model), to: fresh.appendingPathComponent("model.json"))
        try SafetensorsWriter.write(
            model.parameters.entries.map { ($0.path, $0.tensor) }, to: fresh.appendingPathComponent("model.safetensors"))
        for modality in model.modalities {
            if let encoder = model.encoders[modality] {
                try encoder.write(to: fresh.appendingPathComponent(modality.rawValue))
            }
        }
    }

    /// What a model takes, without loading it.
    public static func modalities(of url: URL) throws -> Set<Modality> {
        Set(try JSONObject(locate(url).appendingPathComponent("model.json")).strings("modalities").compactMap(Modality.init))
    }

    /// The folder that holds `model.json`: `url`, or `model` in it.
    private static func locate(_ url: URL) throws -> URL {
        let inRun = url.appendingPathComponent("model")
        try ReplacedFolder(inRun).recover()
        let folder = FileManager.default.fileExists(atPath: inRun.appendingPathComponent("model.json").path) ? inRun : url
        let file = folder.appendingPathComponent("model.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw BraidError(
                .noInput, "\(url.path) is not a model: it has neither model.json nor model/model.json; train one with braid train")
        }
        return folder
    }

    /// Reads a model from an exported folder, or from the `model` folder of a run.
    public static func read(_ url: URL, device: Device = .cpu) throws -> FusionModel {
        let folder = try locate(url)
        let json = try JSONObject(folder.appendingPathComponent("model.json"))
        let version = try json.int("format_version")
        guard version == formatVersion else {
            throw json.fault("format_version is \(version), this Braid (\(Version.current)) reads \(formatVersion)")
        }
        let names = try json.strings("modalities")
        guard !names.isEmpty, Set(names).count == names.count else {
            throw json.fault("modalities must be different names, at least one")
        }
        let encoders = try names.map { name in
            guard let modality = Modality(rawValue: name) else { throw json.fault("\(name) is not a modality") }
            let asked = Configuration.Encoder(encoder: nil, weights: folder.appendingPathComponent(name).path, train: .none)
            return try ModalityEncoder(modality, asked, relativeTo: folder, device: device)
        }
        let labels = try json.strings("labels")
        guard !labels.isEmpty, Set(labels).count == labels.count else { throw json.fault("labels must be different names") }
        let store = try ParameterStore(loading: SafetensorsFile(folder.appendingPathComponent("model.safetensors")), device: device)
        let model = try FusionModel(encoders: encoders, labels: labels, settings: settings(json), parameters: store)
        try store.report.check(allowUnused: false)
        return model
    }

    private static func description(of model: FusionModel) throws -> Data {
        let settings = model.settings
        let fields: [String: Any] = [
            "format_version": formatVersion, "braid_version": Version.current, "labels": model.labels,
            "modalities": model.modalities.map(\.rawValue), "manifest_sha256": settings.manifestSHA256,
            "fusion": [
                "type": settings.fusion.type.rawValue, "dim": settings.fusion.dimension, "dropout": settings.fusion.dropout,
                "modality_dropout": settings.fusion.modalityDropout,
            ] as [String: Any],
            "head": ["task": settings.head.task.rawValue, "hidden": settings.head.hidden, "dropout": settings.head.dropout]
                as [String: Any],
            "columns": ["names": settings.columns.names, "ignored": settings.columns.ignored] as [String: Any],
            "splits": ["val": settings.splits.val, "test": settings.splits.test, "seed": settings.splits.seed] as [String: Any],
        ]
        return try JSONSerialization.data(withJSONObject: fields, options: [.prettyPrinted, .sortedKeys])
    }

    private static func settings(_ json: JSONObject) throws -> FusionModel.Settings {
        let (fusion, head, columns) = (try json.object("fusion"), try json.object("head"), try json.object("columns"))
        guard let type = FusionKind(rawValue: try fusion.string("type")) else { throw fusion.fault("the type is not known") }
        guard let task = TaskKind(rawValue: try head.string("task")) else { throw head.fault("the task is not known") }
        guard let names = try columns.object("names").fields as? [String: String] else {
            throw columns.fault("names must map texts to texts")
        }
        let splits = try json.object("splits")
        let dimension = try fusion.int("dim")
        let hidden = try head.ints("hidden")
        guard (1...65_536).contains(dimension), hidden.allSatisfy({ (1...1_000_000).contains($0) }) else {
            throw json.fault("the sizes of fusion or head are impossible")
        }
        return FusionModel.Settings(
            fusion: .init(
                type: type, dimension: dimension, dropout: try fusion.double("dropout"),
                modalityDropout: try fusion.double("modality_dropout")),
            head: .init(task: task, hidden: hidden, dropout: try head.double("dropout")),
            columns: Columns(names: names, ignored: try columns.strings("ignored", [])),
            splits: SplitFractions(
                val: try splits.double("val", 0.15), test: try splits.double("test", 0.15), seed: try splits.int("seed", 0)),
            manifestSHA256: try json.string("manifest_sha256", ""))
    }
}

extension ModalityEncoder {
    /// Writes the encoder as a weights folder: what `weights:` in a configuration takes.
    func write(to folder: URL) throws {
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in try source.companions { try copy(name, to: folder) }
        if try source.config() == nil {
            var config: [String: Any] = ["architecture": architecture]
            if let image = frontEnd as? ImageFrontEnd { config["pretrained_cfg"] = image.fields }
            try AtomicFile.write(JSONSerialization.data(withJSONObject: config), to: folder.appendingPathComponent("config.json"))
        }
        var stored = options
        stored.layout = layout
        if !stored.fields.isEmpty {
            let json = try JSONSerialization.data(withJSONObject: stored.fields, options: [.sortedKeys])
            try AtomicFile.write(json, to: folder.appendingPathComponent(EncoderOptions.fileName))
        }
        let target = folder.appendingPathComponent("model.safetensors")
        guard isFrozen, let file = weights?.weights, file.pathExtension == "safetensors" else {
            return try SafetensorsWriter.write(parameters.entries.map { ($0.path, $0.tensor) }, to: target)
        }
        // A hub's blob is never written to again, so that unchanged weights need no second place on the disk. A user's own file
        // may be, and is copied.
        let original = file.resolvingSymlinksInPath()
        let isBlob = original.deletingLastPathComponent().lastPathComponent == "blobs"
        if isBlob, (try? files.linkItem(at: original, to: target)) != nil { return }
        try files.copyItem(at: original, to: target)
    }

    /// A file of the source's folder, which may be a link into a cache.
    private func copy(_ name: String, to folder: URL) throws {
        guard let from = source.folder?.appendingPathComponent(name), name != EncoderOptions.fileName else { return }
        let target = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: from.resolvingSymlinksInPath(), to: target)
    }
}
