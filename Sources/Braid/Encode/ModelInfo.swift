public import Foundation
internal import Torch

/// What weights are: architecture, sizes, front end, and how they load.
public struct ModelInfo: Encodable, Sendable {
    let modality: Modality
    let architecture: String
    let paper: String
    let parameters: Int
    let embedding: Int
    let tokens: Int
    let blocks: Int
    let frontEnd: String
    let layout: String?
    let file: String
    let sha256: String
    let loading: String
    /// Where in a training checkpoint the weights lie, and what else it has.
    let stateDict: String?
    /// nil where it was not measured.
    let speed: EncoderSpeed?

    private enum CodingKeys: String, CodingKey {
        case modality, architecture, paper, parameters, embedding, tokens, blocks, layout, file, sha256, loading, speed
        case frontEnd = "front_end"
        case stateDict = "state_dict"
    }

    /// Loads `name`, a file, folder, Hugging Face id or `bundled:`, and describes it; of weights of several towers the first one.
    ///
    /// - Parameters:
    ///   - name: The weights, in any of these forms.
    ///   - modality: Where the architecture's name stands for several, and no front end tells which.
    ///   - encoder: The architecture, where the weights do not say.
    ///   - base: Where relative paths start.
    ///   - isMeasured: Whether it encodes samples, to see how fast.
    ///   - reporter: Is told of downloads, and of front ends that had to be guessed.
    /// - Throws: `BraidError` where the weights are of no architecture that is known, or cannot be read.
    public init(
        _ name: String, modality: Modality?, encoder: String?, relativeTo base: URL, isMeasured: Bool = false,
        reporter: any Reporter = SilentReporter()
    ) throws {
        let folder = try WeightsFolder.find(name, relativeTo: base, reporter: reporter)
        let builders = try Self.builders(of: folder, name, modality, encoder)
        // resnet18 is one for pictures and one for spectrograms: the front end tells which.
        let isAudio = try folder.config()?.has("front_end") ?? false
        let builder = builders.first { isAudio == ($0.modality == .audio) } ?? builders[0]
        let asked = EncoderSettings(encoder: encoder, weights: name, train: .none)
        let loaded = try ModalityEncoder(builder.modality, asked, relativeTo: base, reporter: reporter)
        (self.modality, architecture, paper) = (builder.modality, builder.name, builder.paper)
        parameters = loaded.parameters.parameters.reduce(0) { $0 + $1.tensor.count }
        embedding = loaded.encoder.dimension
        tokens = loaded.encoder.tokenDimension
        blocks = loaded.encoder.blocks.count
        frontEnd = loaded.frontEnd.summary
        layout = loaded.layout
        file = loaded.weights?.weights?.path ?? ""
        sha256 = try loaded.weights?.fingerprint() ?? ""
        loading = loaded.report?.summary ?? ""
        stateDict =
            folder.weights == nil
            ? nil
            : (try folder.open() as? PickledCheckpoint).flatMap { file in
                let others = file.alternatives.isEmpty ? "" : "; not taken: \(file.alternatives.joined(separator: ", "))"
                return file.source.map { $0 + others }
            }
        speed = try isMeasured ? EncoderSpeed(builder.modality, loaded.encoder, loaded.frontEnd) : nil
    }

    /// The description of each tower that the weights have: of CLIP's that of pictures and that of texts, unless a modality is named. Takes the
    /// parameters of the initialiser, and throws its errors.
    public static func towers(
        _ name: String, modality: Modality?, encoder: String?, relativeTo base: URL, isMeasured: Bool = false,
        reporter: any Reporter = SilentReporter()
    ) throws -> [ModelInfo] {
        let folder = try WeightsFolder.find(name, relativeTo: base, reporter: reporter)
        let builders = try builders(of: folder, name, modality, encoder)
        let isOneModel = builders.contains { $0.sharedSpace != nil }
        let modalities: [Modality?] = isOneModel ? builders.map(\.modality) : [modality]
        return try modalities.map {
            try ModelInfo(name, modality: $0, encoder: encoder, relativeTo: base, isMeasured: isMeasured, reporter: reporter)
        }
    }

    /// What the weights may be: one architecture a modality that has the name.
    private static func builders(
        of folder: WeightsFolder, _ name: String, _ modality: Modality?, _ encoder: String?
    ) throws -> [EncoderBuilder] {
        let stated = try encoder ?? folder.config()?.architecture()
        let builders = EncoderRegistry.builders.filter { $0.name == stated && (modality ?? $0.modality) == $0.modality }
        guard builders.isEmpty else { return builders }
        guard let stated else {
            throw BraidError(
                .badData,
                "\(name): no config.json says what they are; name the architecture with --encoder. \(EncoderRegistry.advice(nil, modality))"
            )
        }
        let elsewhere = EncoderRegistry.builders.filter { $0.name == stated }.map { "\($0.modality)" }
        throw BraidError(
            .badData,
            elsewhere.isEmpty
                ? "\(name): the architecture \(stated) is not known; \(EncoderRegistry.advice(stated, modality))"
                : "\(name): \(stated) has no tower for \(modality.map { "\($0)" } ?? ""); it has one for \(elsewhere.joined(separator: " and "))"
        )
    }

    /// The description as text, a property a line.
    public var table: String {
        let lines =
            [
                "modality:     \(modality)", "architecture: \(architecture) (\(paper))", "parameters:   \(parameters)",
                "embedding:    \(embedding)", "tokens:       \(tokens)", "blocks:       \(blocks)", "front end:    \(frontEnd)",
                "key layout:   \(layout ?? "Braid's own")", "file:         \(file)", "sha256:       \(sha256)",
                "loading:      \(loading)",
            ] + (stateDict.map { ["state dict:   \($0)"] } ?? []) + (speed.map { ["speed here:   \($0.summary)"] } ?? [])
        return lines.joined(separator: "\n") + "\n"
    }
}
