internal import Torch

/// Pools tokens by a learnt query that attends to them, and a perceptron with a shortcut behind it: the head of SigLIP (Zhai et al. 2022,
/// arXiv:2106.04560).
struct AttentionPooling {
    /// What makes the query, and keys and values.
    private enum Projections {
        /// All three in one matrix, `[3 D, D]`, and one bias, as `torch.nn.MultiheadAttention` has it.
        case joined(Tensor, Tensor)
        /// The query's, and that of keys and values.
        case separate(query: Linear, both: Linear)
    }

    private let latent: TokenTable
    private let projections: Projections
    private let output: Linear
    private let norm: LayerNorm
    private let feedForward: FeedForward
    private let hidden: Int
    private let heads: Int

    /// Keys of `scope`: `latent`, `proj`, `norm`, `mlp.fc1`, `mlp.fc2`, and `in_proj_weight` and `in_proj_bias`, or `q` and `kv` where
    /// `shape` joins projections as timm does.
    init(_ scope: Scope, _ shape: VisionShape) throws {
        (hidden, heads) = (shape.hidden, shape.heads)
        latent = try TokenTable(scope, "latent", rows: 1, hidden)
        if shape.joinsProjections {
            projections = .separate(
                query: try Linear(scope / "q", hidden, hidden), both: try Linear(scope / "kv", hidden, 2 * hidden))
        } else {
            let weight = try scope.parameter("in_proj_weight", [3 * hidden, hidden], .normal(deviation: 0.02))
            let bias = try scope.parameter("in_proj_bias", [3 * hidden], .constant(0))
            guard let precision = scope.store.inference else {
                projections = .joined(weight, bias)
                (output, norm, feedForward) = try Self.rest(scope, shape)
                return
            }
            let frozen = { (rows: Range<Int>) in
                try Linear(frozen: weight.slice(0, rows), bias: bias.slice(0, rows), precision)
            }
            projections = .separate(query: try frozen(0..<hidden), both: try frozen(hidden..<3 * hidden))
        }
        (output, norm, feedForward) = try Self.rest(scope, shape)
    }

    private static func rest(_ scope: Scope, _ shape: VisionShape) throws -> (Linear, LayerNorm, FeedForward) {
        let output = try Linear(scope / "proj", shape.hidden, shape.hidden)
        let norm = try LayerNorm(scope / "norm", shape.hidden, epsilon: shape.epsilon)
        let first = try Linear(scope / "mlp" / "fc1", shape.hidden, shape.intermediate)
        let second = try Linear(scope / "mlp" / "fc2", shape.intermediate, shape.hidden)
        return (output, norm, FeedForward(.plain(first), shape.perceptron.activation, output: second))
    }

    /// `[B, T, D]` to `[B, D]`.
    func callAsFunction(_ tokens: Tensor, mode: Mode) throws -> Tensor {
        let (query, both) = try projected(tokens, mode)
        let batch = tokens.shape[0]
        let queries = try query.reshaped([1, 1, heads, -1]).transposed(1, 2).expanded([batch, -1, -1, -1])
        let halves = try both.reshaped([batch, tokens.shape[1], 2, heads, -1]).permuted([2, 0, 3, 1, 4])
        let gathered = try queries.attention(keys: halves.select(0, 0), values: halves.select(0, 1), mask: nil)
        let x = try output(gathered.reshaped([batch, hidden]), mode: mode)
        return try feedForward(norm(x), addingTo: x, mode: mode)
    }

    /// The query, `[1, 1, D]`, and keys and values behind one another, `[B, T, 2 D]`.
    private func projected(_ tokens: Tensor, _ mode: Mode) throws -> (Tensor, Tensor) {
        switch projections {
        case .separate(let query, let both): return (try query(latent(), mode: mode), try both(tokens, mode: mode))
        case .joined(let weight, let bias):
            let (first, others) = (0..<hidden, hidden..<3 * hidden)
            return (
                try latent().linear(weight.slice(0, first), bias: bias.slice(0, first)),
                try tokens.linear(weight.slice(0, others), bias: bias.slice(0, others))
            )
        }
    }
}
