public import Torch

/// A modality's way into the fusion: normalised, and projected to the size that all share.
struct ModalityProjection {
    private let norm: LayerNorm
    private let projection: Linear

    init(_ scope: Scope, _ inputs: Int, _ outputs: Int) throws {
        norm = try LayerNorm(scope / "norm", inputs)
        projection = try Linear(scope / "projection", inputs, outputs)
    }

    /// `[B, D]` to `[B, d]`. `isPresent`: bool `[B, 1]`.
    ///
    /// Selected and not multiplied: whatever stands in a missing row, infinities included, leaves no trace.
    func callAsFunction(_ pooled: Tensor, isPresent: Tensor) throws -> Tensor {
        try projection(norm(pooled.where(isPresent, else: Self.zero(pooled.device))))
    }

    /// `[N, C]` to `[N, d]`, of tokens that are there.
    func callAsFunction(rows: Tensor) throws -> Tensor { try projection(norm(rows)) }

    private static func zero(_ device: Device) throws -> Tensor { try Tensor.zeros([]).moved(to: device) }
}

/// All modalities' way into a fusion of pooled embeddings: each projected, and a trained vector in place of what is missing.
public struct ModalityEntrance {
    private let projections: [ModalityProjection]
    private let missing: [Tensor]
    private let isActivated: Bool

    /// - Parameters:
    ///   - scope: The fusion's place in the model.
    ///   - modalities: What is projected, in the model's order.
    ///   - dimension: d, the size that all are brought to.
    ///   - isActivated: Whether a GELU follows the projection.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ dimension: Int, isActivated: Bool = false) throws {
        projections = try modalities.map { try ModalityProjection(scope / $0.name, $0.dimension, dimension) }
        missing = try modalities.map { try (scope / $0.name).missing(dimension) }
        self.isActivated = isActivated
    }

    /// `[B, d]` of each modality: `projected` as `Fused.projections` wants it, and `parts` with the trained vector in missing rows.
    public func callAsFunction(_ input: FusionInput) throws -> (projected: [Tensor], parts: [Tensor]) {
        var projected: [Tensor] = []
        var parts: [Tensor] = []
        for (index, part) in input.parts.enumerated() {
            let isPresent = try input.isPresent(index)
            let value = try projections[index](part.pooled, isPresent: isPresent)
            projected.append(value)
            parts.append(try (isActivated ? value.gelu() : value).where(isPresent, else: missing[index]))
        }
        return (projected, parts)
    }
}

extension Scope {
    /// The trained vector that stands in for a modality, `[d]`.
    func missing(_ dimension: Int) throws -> Tensor { try parameter("missing", [dimension], .normal(deviation: 0.02)) }
}

extension FusionInput {
    /// Bool `[B, 1]` of modality number `index`.
    public func isPresent(_ index: Int) throws -> Tensor { try presence.slice(1, index..<index + 1) }

    /// 1 or 0, `[B, M]`: that something is missing is itself information.
    public func presenceValues() throws -> Tensor { try presence.converted(to: .float32) }
}

/// The layer that makes one embedding of what a fusion has put side by side.
struct Mixer {
    private let linear: Linear
    private let norm: LayerNorm
    private let dropout: Double

    init(_ scope: Scope, _ inputs: Int, _ outputs: Int, dropout: Double) throws {
        linear = try Linear(scope / "linear", inputs, outputs)
        norm = try LayerNorm(scope / "norm", outputs)
        self.dropout = dropout
    }

    func callAsFunction(_ x: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        try norm(linear(x)).gelu().dropout(dropout, mode: mode)
    }
}
