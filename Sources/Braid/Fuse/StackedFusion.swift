// Wolpert 1992, "Stacked generalization", Neural Networks 5; Ting and Witten 1999, "Issues in Stacked Generalization", JAIR 10.
public import Torch

/// A linear model on each modality's embeddings, and one on all of them side by side; weights that were fitted on held-out rows add up what
/// they say.
///
/// Nothing is trained by gradients: `fit` computes every value. Each subset of modalities has weights of its own, so that a sample is judged
/// by what it has.
public struct StackedFusion: FittedFusion {
    /// The experts: a single modality each, and with several modalities all of them together. Indices of modalities.
    let views: [[Int]]
    let modalities: [FusedModality]
    let targets: [Target]
    private let means: [Tensor]
    private let deviations: [Tensor]
    /// By head and view.
    private let models: [[Linear]]
    /// By head, `[2^M, V]`: what each view's logits count for each set of modalities, whose bits are its number.
    private let votes: [Tensor]

    /// The outputs of all heads.
    public let dimension: Int

    /// Weights `[C, D]` and biases `[C]` of one view and head.
    private struct Linear {
        let weight: Tensor
        let bias: Tensor
    }

    /// Declares the fusion's values in `scope`: those of a checkpoint, or zeros until `fit`.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ targets: [Target]) throws {
        let singles = modalities.indices.map { [$0] }
        let views = singles.count > 1 ? singles + [Array(modalities.indices)] : singles
        (self.views, self.modalities, self.targets) = (views, modalities, targets)
        means = try modalities.map { try (scope / $0.name).buffer("mean", [$0.dimension], .constant(0)) }
        deviations = try modalities.map { try (scope / $0.name).buffer("deviation", [$0.dimension], .constant(1)) }
        models = try targets.map { target in
            try views.map { view in
                let place = scope / (view.count > 1 ? "all" : modalities[view[0]].name) / "head" / target.name
                let size = view.reduce(0) { $0 + modalities[$1].dimension }
                return Linear(
                    weight: try place.parameter("weight", [target.outputs, size], .constant(0)),
                    bias: try place.parameter("bias", [target.outputs], .constant(0)))
            }
        }
        votes = try targets.map { target in
            try (scope / "votes").parameter(target.name, [1 << modalities.count, views.count], .constant(0))
        }
        dimension = targets.reduce(0) { $0 + $1.outputs }
    }

    /// The weighed logits, and those of each modality by itself.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let standardised = try input.parts.indices.map { try standardise(input.parts[$0].pooled, input.isPresent($0), $0) }
        let bits = try Tensor(modalities.indices.map { Int64(1 << $0) }, shape: [modalities.count]).moved(to: input.presence.device)
        let sets = try (input.presence.converted(to: .int64) * bits).sum([1])
        var unimodal: [[Tensor]] = modalities.map { _ in [] }
        let logits = try targets.indices.map { head in
            let shares = try votes[head].rows(sets)
            var sum: Tensor?
            for (index, view) in views.enumerated() {
                let model = models[head][index]
                let features = try view.count > 1 ? Tensor.concatenate(standardised, 1) : standardised[view[0]]
                let said = try features.linear(model.weight, bias: model.bias)
                if view.count == 1 { unimodal[view[0]].append(said) }
                let weighed = try said * shares.slice(1, index..<index + 1)
                sum = try sum.map { try $0 + weighed } ?? weighed
            }
            guard let sum else { throw BraidError(.internal, "a fusion of no modality") }
            return sum
        }
        return Fused(
            embedding: try .concatenate(logits, 1), projections: standardised, logits: logits, unimodal: unimodal)
    }

    /// Standardised embeddings `[B, D]`, zeros where the modality is missing.
    private func standardise(_ pooled: Tensor, _ isPresent: Tensor, _ index: Int) throws -> Tensor {
        try ((pooled - means[index]) / deviations[index]).where(isPresent, else: .zeros([]).moved(to: pooled.device))
    }
}

extension StackedFusion {
    /// Takes the values of a fit.
    func adopt(_ scales: [Standardization], _ heads: [StackedFit.Head]) throws {
        try withoutGradient {
            for (index, scale) in scales.enumerated() {
                try means[index].copyInPlace(from: scale.mean)
                try deviations[index].copyInPlace(from: scale.deviation)
            }
            for (index, head) in heads.enumerated() {
                for (model, found) in zip(models[index], head.experts) {
                    let zeros = try Tensor.zeros([])
                    try model.weight.copyInPlace(from: found?.weight ?? zeros)
                    try model.bias.copyInPlace(from: found?.bias ?? zeros)
                }
                let table = head.votes.flatMap { $0.map(Float.init) }
                try votes[index].copyInPlace(from: Tensor(table, shape: [head.votes.count, views.count]))
            }
        }
    }
}

extension FusionKind {
    /// A linear model a modality, weighed by what held-out rows show.
    public static let stacked = FusionKind(fitted: "stacked", paper: "Wolpert 1992, Neural Networks 5") { _ in
        { try StackedFusion($0, $1, $2) }
    }
}
