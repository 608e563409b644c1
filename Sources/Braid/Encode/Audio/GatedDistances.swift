internal import Foundation
internal import Torch

/// WavLM's and BEATs' bias on attention (Chen et al. 2021, arXiv:2110.13900): one for each distance of two tokens, which each token lets in as far as a gate of
/// its own says.
struct GatedDistances {
    private let table: Embedding
    private let gates: [Gate]
    private let heads: Int
    private let count: Int
    private let farthest: Int

    /// - Parameters:
    ///   - layers: The place of the layers; the first one has the table of all.
    ///   - hidden: The size of a token.
    ///   - heads: How many heads each layer's attention has.
    ///   - buckets: How many rows the table has, and from which distance on all are alike.
    ///   - depth: How many layers are computed.
    init(_ layers: Scope, hidden: Int, heads: Int, _ buckets: (count: Int, farthest: Int), depth: Int) throws {
        table = try Embedding(layers / 0 / "attention" / "rel_attn_embed", buckets.count, heads)
        gates = try (0..<depth).map { try Gate(layers / $0 / "attention", hidden: hidden, heads: heads) }
        (self.heads, count, farthest) = (heads, buckets.count, buckets.farthest)
    }

    /// The bias of each pair of `length` tokens, before any gate: `[heads, T, T]`.
    func bias(_ length: Int) throws -> Tensor {
        let numbers = (1 - length..<length).map { Int64(bucket($0)) }
        let far = try table(Tensor(numbers, shape: [numbers.count]).moved(to: table.weight.device)).transposed(0, 1)
        // Row q begins with the distance -q.
        let backwards = try Tensor((0..<length).reversed().map(Int64.init), shape: [length]).moved(to: table.weight.device)
        return try far.frames(of: length, hop: 1).selected(1, backwards)
    }

    /// What is added to the attention of layer number `layer`, whose gates see `x`, `[B, T, D]`: what queries are made of in WavLM, the
    /// queries in BEATs. `[B, heads, T, T]`.
    func relations(_ layer: Int, _ x: Tensor, _ bias: Tensor) throws -> TokenRelations {
        TokenRelations(bias: try gates[layer](x, heads).converted(to: .float32) * bias)
    }

    /// Half for each direction; of these, half for single distances and half for ever wider ranges.
    private func bucket(_ distance: Int) -> Int {
        let (half, exact) = (count / 2, count / 4)
        let size = abs(distance)
        let offset = distance > 0 ? half : 0
        guard size >= exact else { return offset + size }
        // In single precision, as the reference.
        let share = Float(log(Float(size) / Float(exact))) / Float(log(Double(farthest) / Double(exact)))
        return offset + min(half - 1, Int(Float(exact) + share * Float(half - exact)))
    }

    private struct Gate {
        let projection: Linear
        /// `[1, heads, 1, 1]`.
        let constant: Tensor

        init(_ scope: Scope, hidden: Int, heads: Int) throws {
            projection = try Linear(scope / "gru_rel_pos_linear", hidden / heads, 8)
            constant = try scope.parameter("gru_rel_pos_const", [1, heads, 1, 1], .constant(1), decays: false)
        }

        /// `[B, T, D]` to `[B, heads, T, 1]`, in 1 ... 2 + constant.
        func callAsFunction(_ x: Tensor, _ heads: Int) throws -> Tensor {
            let (batch, length) = (x.shape[0], x.shape[1])
            let sums = try projection(x.reshaped([batch, length, heads, -1])).reshaped([batch, length, heads, 2, 4]).sum([-1])
            let shares = try sums.converted(to: .float32).sigmoid().transposed(1, 2)
            let (first, second) = (try shares.slice(3, 0..<1), try shares.slice(3, 1..<2))
            return try (first * (second * constant).adding(-1)).adding(2)
        }
    }
}
