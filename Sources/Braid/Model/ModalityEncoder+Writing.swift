internal import Foundation
internal import Torch

extension ModalityEncoder {
    /// Writes the encoder as a weights folder: what `weights:` in a configuration takes. Adapters lie beside the weights they belong to,
    /// in PEFT's format.
    ///
    /// - Parameter isMerged: Whether adapters are folded into the weights that are written; those of a frozen encoder are already.
    func write(to folder: URL, isMerged: Bool = false) throws {
        try FileFault.makeFolder(folder)
        for name in try source.companions { try copy(name, to: folder) }
        if let description {
            try AtomicFile.write(description, to: folder.appendingPathComponent("config.json"))
        } else if try source.config() == nil {
            var config: [String: Any] = ["architecture": architecture]
            if let image = frontEnd as? ImageFrontEnd { config["pretrained_cfg"] = image.fields }
            try AtomicFile.write(JSONSerialization.data(withJSONObject: config), to: folder.appendingPathComponent("config.json"))
        }
        let found = int8Record.map { $0.floatLayers.map { $0 - 1 } }
        let float = parameters.inference == .int8 ? found ?? options.floatLayers : nil
        let stored = options.with(layout: layout).with(floatLayers: float)
        if !stored.fields.isEmpty {
            let json = try JSONSerialization.data(withJSONObject: stored.fields, options: [.sortedKeys])
            try AtomicFile.write(json, to: folder.appendingPathComponent(EncoderOptions.fileName))
        }
        guard !isParameterless else { return }
        let place = folder.appendingPathComponent(source.part)
        try FileFault.makeFolder(place)
        let target = place.appendingPathComponent("model.safetensors")
        let adapter = folder.appendingPathComponent(WeightsFolder.adapterName)
        let isAdapted = adapters.plan != nil
        guard isFrozen || trainable.isAdapter, !(isMerged && isAdapted), let file = weights?.weights,
            file.pathExtension == "safetensors"
        else {
            // Where a given adapter is folded in, the entries are what came of it.
            try SafetensorsWriter.write(
                parameters.entries.filter { $0.role != .adapter }.map { ($0.path, $0.tensor) }, to: target)
            if trainable.isAdapter { try adapters.write(parameters.entries, to: adapter, base: shownName) }
            return
        }
        try copy(file, to: target)
        if trainable.isAdapter {
            try adapters.write(parameters.entries, to: adapter, base: shownName)
        } else {
            try adapters.folder?.copy(to: adapter)
        }
    }

    private func copy(_ file: URL, to target: URL) throws {
        let original = file.resolvingSymlinksInPath()
        if Self.isNeverWrittenTo(original), (try? FileManager.default.linkItem(at: original, to: target)) != nil { return }
        try FileFault.copy(original, to: target)
    }

    /// Whether a file is replaced where it changes, and never written to again, so that unchanged weights need no second place on the disk: a
    /// hub's blob, bundled weights, and those of another model of Braid's. A user's own file may be written to, and is copied.
    private static func isNeverWrittenTo(_ file: URL) -> Bool {
        let folder = file.deletingLastPathComponent()
        if folder.lastPathComponent == "blobs" { return true }
        let isOfModel = FileManager.default.fileExists(atPath: folder.appendingPathComponent("../model.json").path)
        return isOfModel || BundledWeights.roots().contains { file.path.hasPrefix($0.resolvingSymlinksInPath().path + "/") }
    }

    /// A file of the source's folder, which may be a link into a cache.
    private func copy(_ name: String, to folder: URL) throws {
        guard let from = source.folder?.appendingPathComponent(name), name != EncoderOptions.fileName else { return }
        let target = folder.appendingPathComponent(name)
        try FileFault.makeFolder(target.deletingLastPathComponent())
        try FileFault.copy(from, to: target)
    }
}
