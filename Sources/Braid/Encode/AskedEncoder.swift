internal import Foundation

/// What a configuration's `encoder` and `weights` stand for: files, what describes the network, and its architecture.
struct AskedEncoder {
    /// Where the weights are; nil where they are drawn, or fitted on a manifest.
    let weights: WeightsFolder?
    /// Whose `config.json` and front end count.
    let source: WeightsFolder
    /// What describes the network; empty where nothing does.
    let config: JSONObject
    let architecture: String
    /// What a fit on train rows found, as a `config.json`; nil where nothing is to be fitted.
    let description: String?

    /// Finds them. Paths start from `base`; `reporter` is told of downloads.
    ///
    /// - Throws: `BraidError` where a name stands for nothing, or what is asked for contradicts the files.
    init(
        _ modality: Modality, _ configuration: EncoderSettings, relativeTo base: URL, reporter: any Reporter
    ) throws {
        let isDrawn = configuration.weights == "random" || configuration.isFitted
        weights = isDrawn ? nil : try WeightsFolder.find(configuration.weights, for: modality, relativeTo: base, reporter: reporter)
        description = try Self.description(configuration, modality)
        let encoder = configuration.encoder ?? description.map { _ in ColumnsKind.plain }
        let architectures = EncoderRegistry.names(for: modality)
        let described = try encoder.flatMap { name in
            architectures.contains(name) ? nil : try Self.describedBy(name, modality, base, reporter)
        }
        guard let source = described ?? weights ?? (encoder.map { _ in WeightsFolder(folder: nil, weights: nil) }) else {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality): weights: random needs an encoder: an architecture (\(EncoderRegistry.advice(nil, modality))), or a folder with a config.json"
            )
        }
        self.source = source
        config =
            try description.map { try JSONObject(text: $0, path: "modalities.\(modality)") } ?? source.config()
            ?? JSONObject([:], path: configuration.weights)
        architecture = try Self.architecture(
            config, named: described == nil ? encoder : nil, modality: modality, weights: configuration.weights)
    }

    /// What builds the architecture.
    ///
    /// - Throws: `BraidError` where there is none of that name; it names the file that says so, where it is a file.
    func builder(for modality: Modality) throws -> EncoderBuilder {
        do { return try EncoderRegistry.builder(architecture, for: modality) } catch let error as BraidError {
            guard try config.architecture() != nil else { throw error }
            throw BraidError(error.code, faults: error.faults.map { Fault($0.message, file: config.path) })
        }
    }

    /// What a fit on train rows found, as a `config.json`; nil where nothing is to be fitted.
    private static func description(_ configuration: EncoderSettings, _ modality: Modality) throws -> String? {
        guard configuration.isFitted else { return nil }
        guard let fields = configuration.table?.description else {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality): weights: \(TableSettings.fitted) needs the train rows of a manifest, which are not read here; name the folder of a model's encoder"
            )
        }
        let named = fields.merging(["architecture": configuration.encoder ?? ColumnsKind.plain]) { $1 }
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try JSONSerialization.data(withJSONObject: named, options: options), as: UTF8.self)
    }

    /// The folder that `encoder` names; a name that is neither a folder nor an architecture is most likely misspelt.
    private static func describedBy(
        _ name: String, _ modality: Modality, _ base: URL, _ reporter: any Reporter
    ) throws -> WeightsFolder {
        do { return try WeightsFolder.find(name, relativeTo: base, reporter: reporter) } catch {
            guard !name.contains("/"), !name.contains(":") else { throw error }
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality).encoder: \(name) is neither an architecture nor a folder. \(EncoderRegistry.advice(name, modality))"
            )
        }
    }

    private static func architecture(_ config: JSONObject, named: String?, modality: Modality, weights: String) throws -> String {
        let found = try config.architecture()
        if let named, let found, named != found {
            let known = EncoderRegistry.names(for: modality)
            guard known.contains(found) else {
                throw BraidError(
                    .badConfiguration,
                    "modalities.\(modality).encoder is \(named), but \(config.path) says \(found), which this version does not have; name other weights. \(EncoderRegistry.advice(found, modality))"
                )
            }
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
}
