public import Foundation
internal import Torch

/// What `braid models` shows.
public struct ModelCatalogue: Encodable, Sendable {
    struct Architecture: Encodable, Sendable {
        let modality: Modality
        let name: String
        let paper: String
    }

    let architectures: [Architecture]
    let bundled: [String]

    public init() {
        architectures = EncoderRegistry.builders.map { Architecture(modality: $0.modality, name: $0.name, paper: $0.paper) }
        bundled = WeightsFolder.bundledNames()
    }

    public var table: String {
        let rows = architectures.map { "  \($0.modality)\t\($0.name)\t\($0.paper)" }
        let weights = bundled.isEmpty ? ["  none"] : bundled.map { "  bundled:\($0)" }
        return (["Architectures (modality, name, paper):"] + rows + ["Weights at hand:"] + weights).joined(separator: "\n") + "\n"
    }

    /// A description of weights, which are loaded for it.
    public static func info(_ name: String, modality: Modality?, encoder: String?, relativeTo base: URL) throws -> String {
        let folder = try WeightsFolder.find(name, relativeTo: base)
        let architecture = try encoder ?? folder.config()?.architecture()
        guard let architecture,
            let builder = EncoderRegistry.builders.first(where: {
                $0.name == architecture && (modality ?? $0.modality) == $0.modality
            })
        else {
            let known = EncoderRegistry.builders.map(\.name).joined(separator: ", ")
            throw BraidError(
                .badData,
                "\(name): the architecture \(architecture ?? "(none named)") is not one of \(known); name it with --encoder")
        }
        let asked = Configuration.Encoder(encoder: encoder, weights: name, train: .none)
        let loaded = try ModalityEncoder(builder.modality, asked, relativeTo: base)
        let count = loaded.parameters.parameters.reduce(0) { $0 + $1.tensor.count }
        let lines = [
            "modality:    \(builder.modality)", "architecture: \(architecture) (\(builder.paper))", "parameters:  \(count)",
            "embedding:   \(loaded.encoder.dimension)", "blocks:      \(loaded.encoder.blocks.count)",
            "front end:   \(loaded.frontEnd.summary)", "file:        \(loaded.weightsFile?.path ?? "")",
            "sha256:      \(try loaded.weightsFile.map { try Fingerprint.of($0) } ?? "")",
            "loading:     \(loaded.report?.summary ?? "")",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
