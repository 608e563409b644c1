public import Torch

/// How the tokens of a text become one embedding.
///
/// It does what the `Pooling`, `Dense` and `Normalize` modules of sentence-transformers do (Reimers and Gurevych 2019,
/// arXiv:1908.10084).
public struct TextPooling: Sendable {
    /// How the tokens of a text become one vector.
    public typealias Mode = TextPoolingMode

    /// The modes in use; where there are several, their results stand behind one another.
    public var modes: [Mode]
    /// False where a prompt's tokens are not pooled.
    var includesPrompt = true
    /// How many tokens at the beginning are not pooled.
    var skipped = 0
    /// What is done to the pooled embedding, in order.
    var steps: [Step] = []

    enum Step {
        /// Brought to length 1.
        case normalize
        case dense(PoolingDense)
        /// Cut to its first values.
        case truncate(Int)
    }

    /// Makes a pooling without dense layers or normalisation behind it.
    public init(modes: [Mode]) { self.modes = modes }

    /// D, the size of an embedding, where tokens have `hidden` values.
    public func dimension(_ hidden: Int) -> Int {
        steps.reduce(hidden * modes.count) { size, step in
            switch step {
            case .normalize: size
            case .dense(let dense): dense.outputs
            case .truncate(let limit): min(size, limit)
            }
        }
    }

    /// Pools tokens `[B, T, C]` to embeddings `[B, dimension(C)]`, in float32.
    ///
    /// `mask` is bool `[B, T]`, true where a token is real; nil where all are.
    ///
    /// - Throws: `TorchError` where the shapes do not fit.
    public func callAsFunction(_ tokens: Tensor, _ mask: Tensor?) throws -> Tensor {
        let tokens = try tokens.converted(to: .float32)
        let mask = skipped > 0 ? try withoutPrompt(mask ?? every(tokens)) : mask
        let parts = try modes.map { try pool(tokens, mask, $0) }
        var x = parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, 1)
        for step in steps {
            switch step {
            case .normalize: x = try x.normalized()
            case .dense(let dense): x = try dense(x)
            case .truncate(let limit): x = try x.slice(1, 0..<min(limit, x.shape[1]))
            }
        }
        return x
    }

    /// A mask that keeps all of `[B, T, C]`.
    private func every(_ tokens: Tensor) throws -> Tensor {
        try Tensor.ones([tokens.shape[0], tokens.shape[1]], dtype: .bool).moved(to: tokens.device)
    }

    /// The mask without the first `skipped` positions of each text.
    private func withoutPrompt(_ mask: Tensor) throws -> Tensor {
        let places = try Tensor.range(mask.shape[1]).moved(to: mask.device)
        let isBehind = try places.scaled(by: -1).less(than: Double(1 - skipped)).converted(to: .float32)
        return try (mask.converted(to: .float32) * isBehind).isDifferent(from: 0)
    }

    /// The token at place `[B]` of each text, zeros where the mask does not keep it.
    private func token(at place: Tensor, of tokens: Tensor, _ all: Tensor) throws -> Tensor {
        let places = try Tensor.range(tokens.shape[1]).moved(to: tokens.device).unsqueezed(0)
        let isThere = try (places - place.unsqueezed(1)).absolute().less(than: 1).converted(to: .float32)
        return try (tokens * (isThere * all.converted(to: .float32)).unsqueezed(-1)).sum([1])
    }

    private func pool(_ tokens: Tensor, _ mask: Tensor?, _ mode: Mode) throws -> Tensor {
        let all = try mask ?? every(tokens)
        switch mode {
        case .cls where skipped == 0: return try tokens.select(1, 0)
        case .cls: return try token(at: all.converted(to: .int64).argmax(1), of: tokens, all)
        case .mean: return try tokens.mean(where: mask)
        case .max: return try tokens.maximum(where: mask)
        case .last:
            let weights = try all.converted(to: .int64)
            // The running count of real tokens is highest, and rises, at the last of them.
            return try token(at: (weights.cumulativeSum(1) * weights).argmax(1), of: tokens, all)
        case .meanOverRoot:
            let weights = try all.converted(to: .float32).unsqueezed(-1)
            return try (tokens * weights).sum([1]) / weights.sum([1]).clamped(atLeast: 1e-9).power(0.5)
        case .weightedMean:
            let places = try Tensor.range(tokens.shape[1]).moved(to: tokens.device).adding(1).converted(to: .float32)
            let weights = try (all.converted(to: .float32) * places).unsqueezed(-1)
            return try (tokens * weights).sum([1]) / weights.sum([1]).clamped(atLeast: 1e-9)
        }
    }
}
