// Rheude et al. 2025, "Fusion or Confusion? Multimodal Complexity Is Not All You Need" (SimBaMM), arXiv:2512.22991.
public import Torch

/// The plain late-fusion Transformer: a token a modality and a class token attend one another; what is missing is masked.
public struct SimBaMMFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let projections: [ModalityProjection]
    /// `[d]` a modality: what marks its token.
    private let kinds: [Tensor]
    /// `[d]`.
    private let classToken: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm

    /// Declares the fusion's weights in `scope`.
    ///
    /// - Parameters:
    ///   - scope: The fusion's place in the model.
    ///   - modalities: What is fused, in the model's order.
    ///   - settings: The size of projections, and how much is dropped in training.
    ///   - layers: Blocks.
    ///   - heads: Attention heads, which must divide the size of projections.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics, layers: Int, heads: Int) throws {
        dimension = settings.dimension
        projections = try modalities.map { try ModalityProjection(scope / $0.name, $0.dimension, settings.dimension) }
        kinds = try modalities.map { try (scope / $0.name).parameter("kind", [settings.dimension], .normal(deviation: 0.02)) }
        classToken = try scope.parameter("class_token", [settings.dimension], .normal(deviation: 0.02))
        blocks = try (0..<layers).map { try TransformerBlock(scope / "blocks" / $0, settings, heads: heads) }
        norm = try LayerNorm(scope / "norm", settings.dimension)
    }

    /// Fuses a batch: the class token `[B, d]` behind the last block, normalised, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let projected = try input.parts.indices.map { try projections[$0](input.parts[$0].pooled, isPresent: input.isPresent($0)) }
        let batch = input.presence.shape[0]
        let first = try classToken.reshaped([1, 1, dimension]).expanded([batch, 1, dimension])
        let tokens = try zip(projected, kinds).map { try ($0 + $1).unsqueezed(1) }
        let (length, flags) = (tokens.count + 1, try input.presence.converted(to: .uint8).flattened().array(of: UInt8.self))
        let places = (0..<batch * length).filter { $0 % length == 0 || flags[$0 / length * tokens.count + $0 % length - 1] != 0 }
        let layout = try TokenLayout(batch: batch, length: length, places: places, device: input.presence.device)
        var rows = try layout.packed(.concatenate([first] + tokens, 1))
        for block in blocks { rows = try block(rows, layout, mode: mode) }
        return Fused(embedding: try norm(layout.padded(rows).select(1, 0)), projections: projected)
    }
}

extension FusionKind {
    /// The plain late-fusion Transformer.
    public static let simbamm = FusionKind(name: "simbamm", paper: "Rheude et al. 2025, arXiv:2512.22991", standardDimension: 128) {
        reader, basics in
        let layers = reader.int("fusion.layers", 2, 1...100, "Transformer blocks.")
        let heads = reader.attentionHeads(dimension: basics.dimension)
        return { try SimBaMMFusion($0, $1, basics, layers: layers, heads: heads) }
    }
}
