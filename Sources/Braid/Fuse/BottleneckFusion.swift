// Nagrani et al. 2021, "Attention Bottlenecks for Multimodal Fusion" (MBT), arXiv:2107.00135.
public import Torch

/// Each modality attends itself and a few shared tokens; only through these do modalities meet.
public struct BottleneckFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let projections: [TokenProjection]
    /// `[N, d]`.
    private let bottlenecks: Tensor
    /// A list of blocks a modality.
    private let blocks: [[TransformerBlock]]
    private let norms: [LayerNorm]
    private let bottleneckNorm: LayerNorm
    private let mixer: Mixer

    /// Declares the fusion's weights in `scope`.
    ///
    /// - Parameters:
    ///   - scope: The fusion's place in the model.
    ///   - modalities: What is fused, in the model's order.
    ///   - settings: The size of projections, and how much is dropped in training.
    ///   - layers: Blocks of each modality.
    ///   - heads: Attention heads, which must divide the size of projections.
    ///   - count: Shared tokens.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(
        _ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics, layers: Int, heads: Int,
        bottlenecks count: Int
    ) throws {
        let size = settings.dimension
        projections = try modalities.map { try TokenProjection(scope / $0.name, $0, size) }
        bottlenecks = try scope.parameter("bottlenecks", [count, size], .normal(deviation: 0.02), decays: false)
        blocks = try modalities.map { modality in
            try (0..<layers).map { try TransformerBlock(scope / modality.name / "blocks" / $0, settings, heads: heads) }
        }
        norms = try modalities.map { try LayerNorm(scope / $0.name / "norm_out", size) }
        bottleneckNorm = try LayerNorm(scope / "norm_out", size)
        let inputs = (modalities.count + 1) * size + modalities.count
        mixer = try Mixer(scope / "mixer" / 0, inputs, size, dropout: settings.dropout)
        dimension = size
    }

    /// Fuses a batch: the fused embedding `[B, d]`, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit; `BraidError` where a modality comes without tokens.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let entered = try input.parts.enumerated().map { try projections[$0]($1, isPresent: input.isPresent($0)) }
        var streams = entered.map { $0.0 }
        let (batch, count) = (input.presence.shape[0], bottlenecks.shape[0])
        let (device, all) = (bottlenecks.device, Array(0..<batch * count))
        let own = try TokenLayout(batch: batch, length: count, places: all, device: device)
        let joined = try streams.map { try TokenLayout.joined([$0.layout, own], device: device) }
        // [B * N, d]
        var shared = try bottlenecks.unsqueezed(0).expanded([batch, count, dimension]).flattened(from: 0, through: 1)
        // Only modalities that are there have a say in the shared tokens.
        let present = try input.presence.converted(to: .float32)
        let shares = try (present / present.sum([1], keep: true).clamped(atLeast: 1)).unsqueezed(1).expanded([batch, count, -1])
            .flattened(from: 0, through: 1)
        for layer in 0..<(blocks.first?.count ?? 0) {
            var sum: Tensor?
            for index in streams.indices {
                let tokens = streams[index].layout.count
                let both = try Tensor.concatenate([streams[index].rows, shared], 0)
                let after = try blocks[index][layer](both, joined[index], mode: mode)
                streams[index].rows = try after.slice(0, 0..<tokens)
                let said = try after.slice(0, tokens..<tokens + batch * count) * shares.slice(1, index..<index + 1)
                sum = try sum.map { try $0 + said } ?? said
            }
            shared = sum ?? shared
        }
        let means = try zip(streams, norms).map { try $0.mean($1($0.rows)) } + [own.mean(bottleneckNorm(shared))]
        let fused = try mixer(.concatenate(means + [input.presenceValues()], 1), mode: mode)
        return Fused(embedding: fused, projections: entered.map(\.projected))
    }
}

extension FusionKind {
    /// Attention through a few shared tokens.
    public static let bottleneck = FusionKind(
        name: "bottleneck", paper: "Nagrani et al. 2021, arXiv:2107.00135", takesTokens: true, standardDimension: 128
    ) { reader, basics in
        let layers = reader.int("fusion.layers", 2, 1...100, "Blocks of each modality.")
        let heads = reader.attentionHeads(dimension: basics.dimension)
        let count = reader.int("fusion.bottlenecks", 4, 1...4096, "Shared tokens.")
        return { try BottleneckFusion($0, $1, basics, layers: layers, heads: heads, bottlenecks: count) }
    }
}
