// Perez et al. 2018, "FiLM: Visual Reasoning with a General Conditioning Layer", arXiv:1709.07871.
public import Torch

/// Each modality is scaled and shifted, block by block, as the others tell.
public struct FiLMFusion: Fusion {
    /// The size d of the fused embedding.
    public let dimension: Int
    private let entrance: ModalityEntrance
    /// A list of blocks a modality.
    private let blocks: [[Block]]
    private let mixer: Mixer

    private struct Block {
        let linear: Linear
        let condition: Linear
        let dropout: Double

        init(_ scope: Scope, _ size: Int, conditions: Int, dropout: Double) throws {
            linear = try Linear(scope / "linear", size, size)
            condition = try Linear(scope / "condition", conditions, 2 * size)
            self.dropout = dropout
        }

        func callAsFunction(_ x: Tensor, condition context: Tensor, mode: Mode) throws(TorchError) -> Tensor {
            let size = x.shape[1]
            let modulation = try condition(context)
            let (scale, shift) = (try modulation.slice(1, 0..<size).adding(1), try modulation.slice(1, size..<2 * size))
            return try x + (scale * linear(x).standardized() + shift).gelu().dropout(dropout, mode: mode)
        }
    }

    /// Declares the fusion's weights in `scope`, `layers` blocks of each modality among them.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics, layers: Int) throws {
        let (size, count) = (settings.dimension, modalities.count)
        entrance = try ModalityEntrance(scope, modalities, size)
        blocks = try modalities.map { modality in
            try (0..<layers).map { layer in
                try Block(
                    scope / modality.name / "blocks" / layer, size, conditions: (count - 1) * size + count,
                    dropout: settings.dropout)
            }
        }
        mixer = try Mixer(scope / "mixer" / 0, count * (size + 1), size, dropout: settings.dropout)
        dimension = size
    }

    /// Fuses a batch: the fused embedding `[B, d]`, and the projection of each modality.
    ///
    /// - Throws: `TorchError` where the shapes do not fit.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let (projected, parts) = try entrance(input)
        let presence = try input.presenceValues()
        var streams: [Tensor] = []
        for (index, part) in parts.enumerated() {
            let others = parts.indices.filter { $0 != index }.map { parts[$0] }
            let condition = try Tensor.concatenate(others + [presence], 1)
            streams.append(try blocks[index].reduce(part) { try $1($0, condition: condition, mode: mode) })
        }
        return Fused(embedding: try mixer(.concatenate(streams + [presence], 1), mode: mode), projections: projected)
    }
}

extension FusionKind {
    /// Scaling and shifting as the others tell.
    public static let film = FusionKind(name: "film", paper: "Perez et al. 2018, arXiv:1709.07871") { reader, basics in
        let layers = reader.int("fusion.layers", 2, 1...100, "Blocks of each modality.")
        return { try FiLMFusion($0, $1, basics, layers: layers) }
    }
}
