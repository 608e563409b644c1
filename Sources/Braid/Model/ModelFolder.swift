public import Foundation
public import Torch

/// A model on disk, complete and offline: `model.json`, the fusion's and head's weights, and a weights folder a modality.
public enum ModelFolder {
    /// Writes `model` as folder `url`. It appears whole, or the old one stays.
    public static func write(_ model: FusionModel, to url: URL) throws {
        try ReplacedFolder(url).write { fresh in try write(model, into: fresh) }
    }

    private static func write(_ model: FusionModel, into fresh: URL) throws {
        try ModelDescription(model).write(to: fresh.appendingPathComponent("model.json"))
        try model.seen?.write(to: fresh.appendingPathComponent(SeenRows.fileName))
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
        Set(try ModelDescription.read(locate(url).appendingPathComponent("model.json")).modalities)
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

    /// The file of the fusion's and the heads' weights.
    static func weights(in url: URL) throws -> URL { try locate(url).appendingPathComponent("model.safetensors") }

    /// Reads a model from its folder, or from the `model` folder of a run.
    public static func read(_ url: URL, device: Device = .cpu) throws -> FusionModel {
        let folder = try locate(url)
        let description = try ModelDescription.read(folder.appendingPathComponent("model.json"))
        let encoders = try description.modalities.map { modality in
            // By its place in the folder: a model is passed on, and so is what names its encoders.
            let asked = EncoderSettings(encoder: nil, weights: modality.rawValue, train: .none)
            return try ModalityEncoder(modality, asked, relativeTo: folder, device: device)
        }
        let store = try ParameterStore(loading: SafetensorsFile(folder.appendingPathComponent("model.safetensors")), device: device)
        let model = try FusionModel(
            encoders: encoders, targets: description.targets, settings: description.settings, parameters: store)
        try store.report.check()
        model.calibration = description.calibration
        model.seen = try SeenRows.read(folder.appendingPathComponent(SeenRows.fileName))
        return model
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
        let stored = options.with(layout: layout)
        if !stored.fields.isEmpty {
            let json = try JSONSerialization.data(withJSONObject: stored.fields, options: [.sortedKeys])
            try AtomicFile.write(json, to: folder.appendingPathComponent(EncoderOptions.fileName))
        }
        let place = folder.appendingPathComponent(source.part)
        try files.createDirectory(at: place, withIntermediateDirectories: true)
        let target = place.appendingPathComponent("model.safetensors")
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
