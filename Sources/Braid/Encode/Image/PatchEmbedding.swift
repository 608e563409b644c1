internal import Torch

/// The front of a Vision Transformer: patches to tokens, the tokens in front of them, and positions.
struct PatchEmbedding {
    /// Path prefixes of its parameters.
    let paths: [String]
    private let patches: Conv2d
    private let prefix: [TokenTable]
    /// nil where places are told by turning queries and keys.
    private let positions: TokenTable?
    private let norm: LayerNorm?
    private let shape: VisionShape

    init(_ scope: Scope, _ shape: VisionShape) throws {
        patches = try Conv2d(
            scope / "patch_embed" / "proj", 3, shape.hidden, kernel: shape.patch, stride: shape.patch, bias: shape.hasPatchBias)
        let rows = [
            ("cls_token", shape.prefix.hasClass ? 1 : 0), ("dist_token", shape.prefix.hasDistillation ? 1 : 0),
            ("reg_token", shape.prefix.registers),
        ].filter { $0.1 > 0 }
        prefix = try rows.map { try TokenTable(scope, $0.0, rows: $0.1, shape.hidden) }
        positions =
            try shape.rotaryBase == nil
            ? TokenTable(scope, "pos_embed", rows: shape.prefix.positions + shape.grid.count, shape.hidden) : nil
        norm = try shape.hasFirstNorm ? LayerNorm(scope / "norm_pre", shape.hidden, epsilon: shape.epsilon) : nil
        paths =
            ["patch_embed."] + (positions == nil ? [] : ["pos_embed"]) + rows.map(\.0) + (shape.hasFirstNorm ? ["norm_pre."] : [])
        self.shape = shape
    }

    /// Pictures `[B, 3, H, W]` to `[B, P + T, D]`: P tokens in front, and T patches, row by row.
    func callAsFunction(_ pictures: Tensor, mode: Mode) throws -> Tensor {
        let map = try patches(pictures, mode: mode)
        let grid = VisionShape.Grid(rows: map.shape[2], columns: map.shape[3])
        var x = try map.flattened(from: 2).transposed(1, 2)
        var own: Tensor?
        if let table = try positions?() {
            let places: Tensor
            (own, places) = try resampled(table, grid)
            x = try x + places
        }
        if !prefix.isEmpty {
            var tokens = try prefix.map { try $0() }
            if let own {
                // Tokens that have positions are the first ones.
                let front = try Tensor.concatenate(tokens, 1)
                let behind = shape.prefix.count - shape.prefix.positions
                let placed = try front.slice(1, 0..<shape.prefix.positions) + own
                tokens = [placed] + (behind > 0 ? [try front.slice(1, shape.prefix.positions..<shape.prefix.count)] : [])
            }
            let front = try tokens.map { try $0.converted(to: x.dtype).expanded([x.shape[0], -1, -1]) }
            x = try .concatenate(front + [x], 1)
        }
        x = try x.dropout(shape.embeddingDropout, mode: mode)
        return try norm?(x) ?? x
    }

    /// Positions of the tokens in front, `[1, P, D]`, and of a grid of patches, `[1, T, D]`.
    private func resampled(_ table: Tensor, _ grid: VisionShape.Grid) throws(TorchError) -> (Tensor?, Tensor) {
        let own = shape.prefix.positions
        let first = try own > 0 ? table.slice(1, 0..<own) : nil
        let learnt = try table.slice(1, own..<own + shape.grid.count)
        guard grid != shape.grid else { return (first, learnt) }
        let map = try learnt.reshaped([1, shape.grid.rows, shape.grid.columns, shape.hidden]).permuted([0, 3, 1, 2])
        let resampled =
            switch shape.resampling {
            case .bicubic: try map.bicubic(height: grid.rows, width: grid.columns)
            case .antialiased: try map.resized(height: grid.rows, width: grid.columns, interpolation: .bicubic)
            }
        return (first, try resampled.permuted([0, 2, 3, 1]).reshaped([1, grid.count, shape.hidden]))
    }
}

/// Learnt vectors that all samples share: `[1, rows, D]`, whether a checkpoint holds them so, or as `[rows, D]`, `[D]` or `[1, 1, 1, D]`.
struct TokenTable {
    private let values: Tensor
    private let shape: [Int]

    init(
        _ scope: Scope, _ name: String, rows: Int, _ dimension: Int, _ initializer: Initializer = .normal(deviation: 0.02),
        role: ParameterStore.Role = .layer
    ) throws {
        shape = [1, rows, dimension]
        let found = scope.shape(of: name).flatMap { found in
            found.last == dimension && found.reduce(1, *) == rows * dimension ? found : nil
        }
        values = try scope.parameter(name, found ?? shape, initializer, decays: false, role: role)
    }

    /// `[1, rows, D]`.
    func callAsFunction() throws(TorchError) -> Tensor { try values.reshaped(shape) }
}
