public import Foundation
public import Torch

/// A model on disk, complete and offline: `model.json`, the fusion's and head's weights, a weights folder a modality, and a card for people.
public enum ModelFolder {
    /// Writes `model` as folder `url`. It appears whole, or the old one stays.
    public static func write(_ model: FusionModel, to url: URL) throws {
        try ReplacedFolder(url).write { fresh in try write(model, into: fresh) }
    }

    /// The same with adapters folded into the encoders' weights: nothing of them is left but what they do.
    static func writeMerged(_ model: FusionModel, to url: URL) throws {
        try ReplacedFolder(url).write { fresh in try write(model, into: fresh, isMerged: true) }
    }

    private static func write(_ model: FusionModel, into fresh: URL, isMerged: Bool = false) throws {
        try ModelDescription(model).write(to: fresh.appendingPathComponent("model.json"))
        try ModelCard(model).write(into: fresh)
        try model.seen?.write(to: fresh.appendingPathComponent(SeenRows.fileName))
        try model.handedOn.write(into: fresh)
        try model.driftReference?.write(to: fresh.appendingPathComponent(DriftReference.fileName))
        try SafetensorsWriter.write(
            model.parameters.entries.map { ($0.path, $0.tensor) }, to: fresh.appendingPathComponent("model.safetensors"))
        for modality in model.modalities {
            if let encoder = model.encoders[modality] {
                try encoder.write(to: fresh.appendingPathComponent(modality.rawValue), isMerged: isMerged)
            }
        }
    }

    /// What a model takes, without loading it.
    public static func modalities(of url: URL) throws -> Set<Modality> {
        Set(try ModelDescription.read(locate(url).appendingPathComponent("model.json")).modalities)
    }

    /// The folder that holds `model.json`: `url`, or `model` in it.
    static func locate(_ url: URL) throws -> URL {
        let places = TrainedEncoders.places(url)
        let files = places.map { $0.appendingPathComponent("model.json").path }
        guard let found = files.firstIndex(where: FileManager.default.fileExists) else {
            // What may not be looked into looks like what is not there.
            for file in files where access(file, F_OK) != 0 && errno == EACCES {
                throw BraidError(.noInput, "\(file): cannot be reached: no permission")
            }
            let has = { (place: URL, name: String) in
                FileManager.default.fileExists(atPath: place.appendingPathComponent(name).path)
            }
            // An encoder's folder has weights, too, and a config.json.
            if let place = places.first(where: { has($0, "model.safetensors") && !has($0, "config.json") }) {
                throw BraidError(
                    .noInput, "\(place.path): model.json is missing; copy the folder once more, or train again with braid train")
            }
            guard !has(url, "config.yaml") else {
                throw BraidError(
                    .noInput,
                    "\(url.path) is a run whose training has not ended, so that it has no model yet; go on with braid train \(Paths.relative(url, to: URL(fileURLWithPath: "."))) --resume"
                )
            }
            throw BraidError(
                .noInput, "\(url.path) is not a model: it has neither model.json nor model/model.json; train one with braid train")
        }
        return places[found]
    }

    /// The file of the fusion's and the heads' weights.
    static func weights(in url: URL) throws -> URL { try locate(url).appendingPathComponent("model.safetensors") }

    /// Reads a model from its folder, or from the `model` folder of a run; `reporter` is told in detail how its weights were loaded.
    public static func read(
        _ url: URL, device: Device = .cpu, reporter: any Reporter = SilentReporter()
    ) throws -> FusionModel {
        let folder = try locate(url)
        let description = try ModelDescription.read(folder.appendingPathComponent("model.json"))
        let encoders = try description.modalities.map { modality in
            // By its place in the folder: a model is passed on, and so is what names its encoders.
            let asked = EncoderSettings(encoder: nil, weights: modality.rawValue, train: .none)
            return try ModalityEncoder(modality, asked, relativeTo: folder, device: device)
        }
        for encoder in encoders { try check(encoder, description.settings.columns, folder) }
        let store = try ParameterStore(loading: SafetensorsFile(folder.appendingPathComponent("model.safetensors")), device: device)
        let model = try FusionModel(
            encoders: encoders, targets: description.targets, settings: description.settings, parameters: store)
        try store.report.check()
        for encoder in encoders { if let report = encoder.report { reporter.detail(report.line(for: encoder.modality)) } }
        reporter.detail(store.report.line(for: "fusion and heads"))
        model.calibration = description.calibration
        model.seen = try SeenRows.read(folder.appendingPathComponent(SeenRows.fileName))
        (model.lineage, model.handedOn) = (description.lineage, HandedOn(in: folder))
        model.driftReference = try DriftReference.read(folder.appendingPathComponent(DriftReference.fileName))
        return model
    }

    /// Looks whether the columns that a table was fitted on are those that the model reads: others would be missing in every row.
    private static func check(_ encoder: ModalityEncoder, _ columns: Columns, _ folder: URL) throws {
        guard let table = encoder.frontEnd as? TableFrontEnd else { return }
        let known = Set(columns.tables[encoder.modality]?.all ?? [])
        guard let column = table.encoding.columns.first(where: { !known.contains($0) }) else { return }
        throw BraidError(
            .badData,
            "\(folder.path)/model.json: settings: modalities.\(encoder.modality) does not name \(column), a column that \(encoder.modality)/config.json was fitted on"
        )
    }

    /// SHA-256 over all files of a model's folder, whatever it is called, but the card, in which its owner writes.
    static func fingerprint(_ url: URL) throws -> String {
        let folder = try locate(url)
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        var lines: [String] = []
        for name in names.sorted() where name != ModelCard.fileName {
            let file = folder.appendingPathComponent(name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue else { continue }
            lines.append("\(name) \(try Fingerprint.of(file))")
        }
        return Fingerprint.of(lines.joined(separator: "\n"))
    }
}
