// Kittler et al. 1998, "On Combining Classifiers", IEEE TPAMI 20(3); temperatures: Guo et al. 2017, arXiv:1706.04599.
internal import Foundation
public import Torch

/// Each modality has heads of its own, trained as if it were alone; trained votes and temperatures weigh what they say.
///
/// A missing modality has no vote. Votes and temperatures learn from the weighed sum, heads from their own output alone.
public struct LateFusion: Fusion {
    private let projections: [ModalityProjection]
    private let heads: [TaskHeads]
    private let votes: [Tensor]
    private let logTemperatures: [Tensor]
    private let dropout: Double

    /// The outputs of all heads.
    public let dimension: Int

    /// Declares the fusion's weights in `scope`.
    ///
    /// `makeHeads` makes the heads on an embedding of a size, under a scope; it is called once a modality.
    public init(
        _ scope: Scope, _ modalities: [FusedModality], _ settings: FusionKind.Basics,
        heads makeHeads: (Scope, Int) throws -> TaskHeads
    ) throws {
        projections = try modalities.map { try ModalityProjection(scope / $0.name, $0.dimension, settings.dimension) }
        heads = try modalities.map { try makeHeads(scope / $0.name / "head", settings.dimension) }
        votes = try modalities.map { try (scope / $0.name).parameter("vote", [1], .constant(0)) }
        logTemperatures = try modalities.map { try (scope / $0.name).parameter("log_temperature", [1], .constant(0)) }
        dropout = settings.dropout
        dimension = heads.first?.outputs ?? 0
    }

    /// The weighed logits, and those of each modality by itself.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let projected = try input.parts.enumerated().map { try projections[$0]($1.pooled, isPresent: input.isPresent($0)) }
        let unimodal = try zip(heads, projected).map { try $0($1.gelu().dropout(dropout, mode: mode), mode: mode) }
        let nothing = try Tensor.full([], -Double.infinity).moved(to: input.presence.device)
        let all = try Tensor.concatenate(votes, 0).unsqueezed(0).expanded(input.presence.shape)
        let shares = try all.where(input.presence, else: nothing).softmax(1)
        let logits = try (0..<(unimodal.first?.count ?? 0)).map { head in
            var sum: Tensor?
            for (index, outputs) in unimodal.enumerated() {
                let factor = try shares.slice(1, index..<index + 1) * logTemperatures[index].scaled(by: -1).exp()
                let weighed = try outputs[head].detached() * factor
                sum = try sum.map { try $0 + weighed } ?? weighed
            }
            guard let sum else { throw BraidError(.internal, "a fusion of no modality") }
            return sum
        }
        return Fused(embedding: try .concatenate(logits, 1), projections: projected, logits: logits, unimodal: unimodal)
    }
}

extension LateFusion: VotingFusion {
    var voteTensors: [Tensor] { votes + logTemperatures }

    /// Fits the votes anew, when the heads are trained, on rows that those have not learnt from: in a few hundred steps votes hardly move.
    ///
    /// All temperatures become the one that the sum of the weights asks for.
    ///
    /// - Parameters:
    ///   - unimodal: Logits `[N, C]` of each modality, of the first head.
    ///   - loss: Of the same rows, in double precision.
    func refitVotes(_ unimodal: [Tensor], _ loss: RowLoss) throws {
        let weights = try VoteFit(unimodal, loss).weights()
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return }
        try withoutGradient {
            for (index, weight) in weights.enumerated() {
                // Softmax knows no zero.
                try votes[index].copyInPlace(from: .full([1], Foundation.log(max(weight / sum, 1e-6))))
                try logTemperatures[index].copyInPlace(from: .full([1], -Foundation.log(sum)))
            }
        }
    }
}

extension FusionKind {
    /// Votes on what each modality says.
    public static let late = FusionKind(fusingLogits: "late", paper: "Kittler et al. 1998, IEEE TPAMI 20(3)") { _, basics in
        { try LateFusion($0, $1, basics, heads: $2) }
    }
}
