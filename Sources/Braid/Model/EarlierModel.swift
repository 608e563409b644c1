public import Foundation
public import Torch

/// The model that a training goes on from, as the run before has left it. Nothing here changes it.
///
/// What methods against forgetting need is here: the model itself as a teacher, and what the same method has handed on
/// (`TrainingPlugin.handOn`).
public final class EarlierModel {
    /// What it is called where the user is told of it: the path that was given.
    public let name: String
    /// The fingerprint of its folder.
    public let fingerprint: String
    /// What it predicts, in the order of its heads. The classes of a head come first, and in this order, among those of the same head of
    /// the model that is trained now: its logits are those of the first columns.
    public let targets: [Target]
    /// The modalities it takes.
    public let modalities: [Modality]
    /// What it is made of.
    public let settings: ModelSettings
    /// The rows that it and the models before it have seen; nil where they are not known.
    let seen: SeenRows?
    /// Which stage it is of; nil: of the first.
    let lineage: Lineage?
    /// The folder of the model, with `model.json` in it.
    let folder: URL

    /// - Parameter url: A run's folder, or a model's.
    /// - Throws: `BraidError` where it is no model, or is damaged.
    init(_ url: URL, name: String) throws {
        folder = try ModelFolder.locate(url)
        self.name = name
        let description = try ModelDescription.read(folder.appendingPathComponent("model.json"))
        (targets, modalities, settings) = (description.targets, description.modalities, description.settings)
        lineage = description.lineage
        seen = try SeenRows.read(folder.appendingPathComponent(SeenRows.fileName))
        fingerprint = try ModelFolder.fingerprint(folder)
    }

    /// The number of the stage that goes on from it.
    var nextStage: Int { (lineage?.stage ?? 1) + 1 }

    /// The model, loaded anew: frozen whole, and to be called in `.evaluate`.
    ///
    /// - Parameter device: Where it computes.
    /// - Throws: What reading a model throws.
    public func load(device: Device) throws -> FusionModel { try ModelFolder.read(folder, device: device) }

    /// The folder that the training method `name` has handed on; nil where the earlier training had no such method.
    ///
    /// - Parameter name: The method's, as its `PluginKind` is called.
    public func handedOn(_ name: String) -> URL? {
        let place = folder.appendingPathComponent("\(HandedOn.folderName)/\(name)")
        return FileManager.default.fileExists(atPath: place.path) ? place : nil
    }

    /// The weights folder of a modality's encoder.
    func encoder(_ modality: Modality) -> URL { folder.appendingPathComponent(modality.rawValue) }

    /// Weights and buffers of fusion and heads, by path.
    func weights() throws -> [String: Tensor] {
        let file = try SafetensorsFile(folder.appendingPathComponent("model.safetensors"))
        return Dictionary(uniqueKeysWithValues: try file.entries.keys.map { ($0, try file.tensor($0)) })
    }
}
