// Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", arXiv:2109.01903: the classifier that CLIP's sentences begin.
public import Torch

/// A linear layer on embeddings that are brought to length 1 first.
///
/// Its rows are classes as points of the embeddings' space, times how sharply likeness counts: with sentences of the classes as rows, and CLIP's logit
/// scale, the logits are those of zero-shot classification.
public struct NormalizedLinearHead: Head {
    private let output: Linear

    /// Declares the head's weights in `scope`, for embeddings of size `inputs`.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a weight cannot be read or made.
    public init(_ scope: Scope, _ inputs: Int, outputs: Int) throws { output = try Linear(scope / "output", inputs, outputs) }

    /// `[B, inputs]` to logits `[B, outputs]`.
    public func callAsFunction(_ input: Tensor, mode: Mode) throws -> Tensor { try output(input.normalized()) }
}

extension HeadKind {
    /// A linear layer on embeddings of length 1.
    public static let normalizedLinear = HeadKind(
        name: "normalized-linear", paper: "Wortsman et al. 2022, arXiv:2109.01903"
    ) { _, _ in { try NormalizedLinearHead($0, $1, outputs: $2.outputs) } }
}
