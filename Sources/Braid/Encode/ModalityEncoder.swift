public import Foundation
public import Torch

/// One modality's encoder with its weights and the front end that belongs to them.
public final class ModalityEncoder {
    public let modality: Modality
    /// For example `resnet18`.
    public let architecture: String
    /// What the configuration calls the weights.
    public let name: String
    public let trainable: Trainable
    public let encoder: any Encoder
    public let frontEnd: any FrontEnd
    public let parameters: ParameterStore
    /// What loading did with each key; nil where the weights are random on demand.
    public let report: LoadReport?
    /// Where architecture and front end came from.
    let source: WeightsFolder
    /// The file the weights came from; nil where they are random.
    public let weightsFile: URL?

    /// Builds the encoder that `configuration` asks for. Paths start from `base`.
    public init(_ modality: Modality, _ configuration: Configuration.Encoder, relativeTo base: URL, device: Device = .cpu) throws {
        let isRandom = configuration.weights == "random"
        let weights = isRandom ? nil : try WeightsFolder.find(configuration.weights, relativeTo: base)
        let builders = EncoderRegistry.names(for: modality)
        let described = try configuration.encoder.flatMap { name in
            builders.contains(name) ? nil : try Self.describedBy(name, builders, modality, base)
        }
        guard let source = described ?? weights ?? (configuration.encoder.map { _ in WeightsFolder(folder: nil, weights: nil) })
        else {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality): weights: random needs an encoder: \(builders.joined(separator: ", ")), or a folder with a config.json"
            )
        }
        let named = described == nil ? configuration.encoder : nil
        let config = try source.config() ?? JSONObject([:], path: configuration.weights)
        let architecture = try Self.architecture(config, named: named, modality: modality, weights: configuration.weights)

        let store: ParameterStore
        if isRandom {
            store = ParameterStore(device: device)
        } else {
            guard let file = weights?.weights else {
                throw BraidError(.noInput, "weights \(configuration.weights): the folder has no model.safetensors")
            }
            store = try Self.store(loading: SafetensorsFile(file), device: device)
        }
        (encoder, frontEnd) = try EncoderRegistry.builder(architecture, for: modality).build(Scope(store), config, source.folder)
        try store.report.check(allowUnused: false)
        self.modality = modality
        self.architecture = architecture
        name = configuration.weights
        trainable = configuration.train
        parameters = store
        report = isRandom ? nil : store.report
        self.source = source
        weightsFile = weights?.weights
        try freeze()
    }

    /// The folder that `encoder` names; a name that is neither a folder nor an architecture is most likely misspelt.
    private static func describedBy(_ name: String, _ known: [String], _ modality: Modality, _ base: URL) throws -> WeightsFolder {
        do { return try WeightsFolder.find(name, relativeTo: base) } catch {
            guard !name.contains("/"), !name.contains(":") else { throw error }
            let near = nearest(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality).encoder: \(name) is neither an architecture (\(known.joined(separator: ", "))) nor a folder\(near)"
            )
        }
    }

    /// Some files carry the model's name in front of every key.
    private static func store(loading file: SafetensorsFile, device: Device) -> ParameterStore {
        let isPrefixed = file.entries.keys.contains { $0.hasPrefix("bert.embeddings.") }
        return ParameterStore(loading: file, prefix: isPrefixed ? "bert." : "", ignoring: ["cls."], device: device)
    }

    private static func architecture(_ config: JSONObject, named: String?, modality: Modality, weights: String) throws -> String {
        let found = try config.architecture()
        if let named, let found, named != found {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality).encoder is \(named), but \(config.path) says \(found); leave encoder out to take what the weights say"
            )
        }
        guard let architecture = named ?? found else {
            throw BraidError(
                .badConfiguration, "weights \(weights): no config.json says what they are; name modalities.\(modality).encoder")
        }
        return architecture
    }

    /// Leaves gradients on for the blocks that are trained, and off for all others.
    private func freeze() throws {
        let prefixes: [String]
        switch trainable {
        case .none: prefixes = []
        case .all: prefixes = [""]
        case .last(let count):
            guard count <= encoder.blocks.count else {
                throw BraidError(
                    .badConfiguration,
                    "modalities.\(modality).train: last:\(count), but \(architecture) has \(encoder.blocks.count) blocks")
            }
            prefixes = encoder.blocks.suffix(count).flatMap { $0 }
        }
        for entry in parameters.parameters where prefixes.contains(where: entry.path.hasPrefix) {
            try entry.tensor.setRequiresGradient(true)
        }
    }

    public var isFrozen: Bool { trainable == .none }

    /// Encodes prepared samples. Frozen encoders behave as in use, whatever the mode.
    public func encode(_ prepared: [Tensor], mode: Mode = .evaluate) throws -> Encoding {
        try encoder(frontEnd.collate(prepared).moved(to: parameters.device), mode: isFrozen ? .evaluate : mode)
    }
}
