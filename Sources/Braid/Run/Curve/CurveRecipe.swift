internal import Foundation
internal import Torch

/// What a training with some labels came to.
public struct CurvePoint: Sendable, Codable, LoggedResult {
    /// What was trained: `transfer`, `scratch`, or a head's name.
    public internal(set) var system: String
    /// Labels a class; nil: all.
    public internal(set) var shots: Int?
    /// The number of the draw, from 0.
    public internal(set) var draw: Int
    /// How many labels were learnt from, all classes together.
    public let labels: Int
    /// On the test split; nil where the metric is undefined.
    public let score: Double?
    /// What the training took.
    public let seconds: Double
    let key: String
}

/// One of the systems that a curve compares.
struct CurveRecipe {
    let name: String
    let configuration: Configuration
    /// Where encoders are trained: the media of all rows.
    let scratch: BatchSource?

    /// At least so many steps are taken from random weights, however few the labels.
    private static let steps = 300
    private static let batch = 16
    private static let rate = 1e-3

    /// With all encoders trained from random weights.
    ///
    /// - Returns: The recipe, and how many weights it trains.
    static func scratch(
        _ configuration: Configuration, _ embedded: SharedEmbeddings, _ reporter: any Reporter
    ) throws -> (recipe: CurveRecipe, weights: Int) {
        let encoders = try Generator.own(seed: 0, on: embedded.device) { try Self.encoders(configuration, embedded.device) }
        let extractor = EmbeddingExtractor(
            manifest: embedded.manifest.url, onBadSample: configuration.onBadSample, reporter: reporter, cache: nil)
        let source = try BatchSource(
            embedded.manifest.samples, encoders, tokens: configuration.fusion.tokens, extractor, device: embedded.device)
        let weights = encoders.reduce(0) { $0 + $1.parameters.parameters.reduce(0) { $0 + $1.tensor.count } }
        return (CurveRecipe(name: "scratch", configuration: configuration, scratch: source), weights)
    }

    private static func encoders(_ configuration: Configuration, _ device: Device) throws -> [ModalityEncoder] {
        try configuration.modalities.sorted { $0.key < $1.key }.map {
            try ModalityEncoder($0, $1, relativeTo: configuration.folder, device: device, reporter: SilentReporter())
        }
    }

    /// The recipe for some rows. Of too few to hold any out, the last of all epochs counts: the train rows' loss is what falls until then.
    func configuration(for rows: CurveDraws.Rows, seed: Int) throws -> Configuration {
        let silent = try configuration.silent(seed: seed)
        guard silent.fusion.kind.making == .trained else { return try silent.with(["training.refit": "false"]) }
        var settings: [String: String] = [:]
        if !rows.isHeldOut {
            settings = ["training.early_stopping.metric": "loss", "training.early_stopping.patience": "0"]
        }
        if scratch != nil {
            let size = min(configuration.training.batchSize, max(2, min(Self.batch, rows.train.count)))
            let steps = (rows.train.count + size - 1) / size
            settings["training.batch_size"] = "\(size)"
            settings["training.epochs"] = "\(max(configuration.training.epochs, (Self.steps + steps - 1) / steps))"
            settings["training.encoder_learning_rate"] = "\(Self.rate)"
        }
        return try silent.with(settings)
    }

    /// Trains on the rows, and judges on the test split.
    ///
    /// - Parameters:
    ///   - ran: As `configuration(for:seed:)` gives it.
    ///   - key: What the result is known by.
    func train(
        _ ran: Configuration, _ rows: CurveDraws.Rows, _ metric: Metric, _ embedded: SharedEmbeddings, shots: Int?, draw: Int,
        key: String
    ) throws -> CurvePoint {
        let started = ContinuousClock.now
        let isTrained = ran.fusion.kind.making == .trained
        // What is fitted holds rows out by itself.
        let (train, val) = isTrained ? (rows.train, rows.val) : (rows.all, rows.all)
        let score = try Generator.own(seed: UInt64(ran.training.seed), on: embedded.device) { () throws -> Double? in
            let (model, whole) = try prepare(ran, embedded)
            let data = try whole.taking(train: Set(train), val: Set(val))
            _ = try SilentTraining(ran, model, data, device: embedded.device, judgesVal: isTrained)
            guard let test = data.test else { throw BraidError(.badData, "the test split has no sample that can be used") }
            return try model.predict(test).primary.labelled().scores([metric])[metric].flatMap { $0.isFinite ? $0 : nil }
        }
        return CurvePoint(
            system: name, shots: shots, draw: draw, labels: rows.all.count, score: score,
            seconds: (ContinuousClock.now - started) / .seconds(1), key: key)
    }

    private func prepare(_ ran: Configuration, _ embedded: SharedEmbeddings) throws -> (FusionModel, SplitData) {
        guard let scratch else {
            let (model, data) = try embedded.prepare(ran)
            return (model, data)
        }
        let file = embedded.manifest.url.lastPathComponent
        let targets = try ran.heads.map { try Target.fit($0, embedded.manifest.samples, file: file) }
        let encoders = try Self.encoders(ran, embedded.device)
        return (try ran.model(encoders, targets, manifestSHA256: "", device: embedded.device), try SplitData(scratch))
    }
}

extension Configuration {
    /// With every encoder as it was before any training, all of it to be learnt, and a fusion that is trained.
    ///
    /// - Throws: `BraidError` where an encoder cannot be made without its weights.
    func fromScratch() throws -> Configuration {
        var settings: [String: String] = [:]
        for (modality, encoder) in modalities {
            guard !encoder.isFitted else {
                // Of a table there is nothing pretrained: what its layers learn they learn from nothing as it is.
                if encoder.encoder == ColumnsKind.layered { settings["modalities.\(modality).train"] = "all" }
                continue
            }
            // The folder says the architecture and the front end; of an architecture's name nothing else has to be said.
            settings["modalities.\(modality).encoder"] = SettingValue.text(encoder.encoder ?? encoder.weights).yaml
            settings["modalities.\(modality).weights"] = "random"
            settings["modalities.\(modality).train"] = "all"
        }
        if fusion.kind.making != .trained { settings["fusion.type"] = FusionKind.concat.name }
        return try trying(settings)
    }
}
