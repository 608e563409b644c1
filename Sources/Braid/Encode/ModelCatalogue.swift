public import BraidHub
public import Foundation
internal import Torch

/// What `braid models` shows and does.
public struct ModelCatalogue: Encodable, Sendable {
    struct Architecture: Encodable, Sendable {
        let modality: Modality
        let name: String
        let paper: String
    }

    let architectures: [Architecture]
    let bundled: [String]

    /// Lists every registered architecture, and the bundled weights that are found.
    public init() {
        architectures = EncoderRegistry.builders.map { Architecture(modality: $0.modality, name: $0.name, paper: $0.paper) }
        bundled = BundledWeights.names()
    }

    /// The lists as text: a line an architecture, then a line for each of the weights at hand.
    public var table: String {
        let width = architectures.map(\.name.count).max() ?? 0
        let rows = architectures.map { row in
            let modality = "\(row.modality)".padding(toLength: 9, withPad: " ", startingAt: 0)
            return "  \(modality)\(row.name.padding(toLength: width + 2, withPad: " ", startingAt: 0))\(row.paper)"
        }
        let weights = bundled.isEmpty ? ["  none"] : bundled.map { "  bundled:\($0)" }
        return (["Architectures (modality, name, paper):"] + rows + ["Weights at hand:"] + weights).joined(separator: "\n") + "\n"
    }

    /// Downloads a Hugging Face id into the cache; gives the folder. An id that is whole in the cache is not fetched again.
    public static func pull(_ name: String, reporter: any Reporter) throws -> URL {
        try HubClient(environment: HubEnvironment()).snapshot(of: HubRepository(name), reporter: reporter)
    }

    /// Computes the checksums of what the cache holds of a Hugging Face id, and compares them with the hub's.
    public static func verify(_ name: String) throws -> HubVerification {
        try HubClient(environment: HubEnvironment()).verify(HubRepository(name))
    }
}

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

    /// Loads `name`, a file, folder, Hugging Face id or `bundled:`, and describes it.
    ///
    /// - Parameters:
    ///   - name: The weights, in any of these forms.
    ///   - modality: Where the architecture's name stands for several, and no front end tells which.
    ///   - encoder: The architecture, where the weights do not say.
    ///   - base: Where relative paths start.
    ///   - reporter: Is told of downloads, and of front ends that had to be guessed.
    public init(
        _ name: String, modality: Modality?, encoder: String?, relativeTo base: URL, reporter: any Reporter = SilentReporter()
    ) throws {
        let folder = try WeightsFolder.find(name, relativeTo: base, reporter: reporter)
        let stated = try encoder ?? folder.config()?.architecture()
        // resnet18 is one for pictures and one for spectrograms: the front end tells which.
        let isAudio = try folder.config()?.has("front_end") ?? false
        let builders = EncoderRegistry.builders.filter { $0.name == stated && (modality ?? $0.modality) == $0.modality }
        guard let architecture = stated,
            let builder = builders.first(where: { isAudio == ($0.modality == .audio) }) ?? builders.first
        else {
            let known = EncoderRegistry.builders.map(\.name).joined(separator: ", ")
            let advice = stated == nil ? "; name it with --encoder" : ""
            throw BraidError(
                .badData, "\(name): the architecture \(stated ?? "(none named)") is not one of \(known)\(advice)")
        }
        let asked = EncoderSettings(encoder: encoder, weights: name, train: .none)
        let loaded = try ModalityEncoder(builder.modality, asked, relativeTo: base, reporter: reporter)
        self.modality = builder.modality
        self.architecture = architecture
        paper = builder.paper
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
    }

    /// The description as text, a property a line.
    public var table: String {
        let lines =
            [
                "modality:     \(modality)", "architecture: \(architecture) (\(paper))", "parameters:   \(parameters)",
                "embedding:    \(embedding)", "tokens:       \(tokens)", "blocks:       \(blocks)", "front end:    \(frontEnd)",
                "key layout:   \(layout ?? "Braid's own")", "file:         \(file)", "sha256:       \(sha256)",
                "loading:      \(loading)",
            ] + (stateDict.map { ["state dict:   \($0)"] } ?? [])
        return lines.joined(separator: "\n") + "\n"
    }
}
