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

    private func pool(_ tokens: Tensor, _ mask: Tensor?, _ mode: Mode) throws -> Tensor {
        let all = try mask ?? Tensor.ones([tokens.shape[0], tokens.shape[1]], dtype: .bool).moved(to: tokens.device)
        switch mode {
        case .cls: return try tokens.select(1, 0)
        case .mean: return try tokens.mean(where: mask)
        case .max: return try tokens.maximum(where: mask)
        case .last:
            let weights = try all.converted(to: .int64)
            // The running count of real tokens is highest, and rises, at the last of them.
            let last = try (weights.cumulativeSum(1) * weights).argmax(1)
            let places = try Tensor.range(tokens.shape[1]).moved(to: tokens.device).unsqueezed(0)
            let isLast = try (places - last.unsqueezed(1)).absolute().less(than: 1)
            return try (tokens * isLast.unsqueezed(-1).converted(to: .float32)).sum([1])
        case .meanOverRoot:
            let weights = try all.converted(to: .float32).unsqueezed(-1)
            return try (tokens * weights).sum([1]) / weights.sum([1]).power(0.5)
        case .weightedMean:
            let places = try Tensor.range(tokens.shape[1]).moved(to: tokens.device).adding(1).converted(to: .float32)
            let weights = try (all.converted(to: .float32) * places).unsqueezed(-1)
            return try (tokens * weights).sum([1]) / weights.sum([1])
        }
    }
}
