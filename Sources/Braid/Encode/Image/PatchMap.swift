internal import Torch

/// Tokens as a map, so that a tensor tells by its shape how the patches lie: `[B, E + rows, columns, C]`, where the tokens in front of the patches fill
/// the end of the first E rows, and zeros their beginning.
struct PatchMap {
    let grid: VisionShape.Grid
    private let prefix: Int

    /// The map of the patches of pictures `[B, 3, H, W]`.
    init(pictures: [Int], _ shape: VisionShape) {
        grid = VisionShape.Grid(rows: pictures[2] / shape.patch, columns: pictures[3] / shape.patch)
        prefix = shape.prefix.count
    }

    /// The map that a tensor of this form is.
    init(folded: [Int], _ shape: VisionShape) {
        prefix = shape.prefix.count
        grid = VisionShape.Grid(rows: folded[1] - (prefix + folded[2] - 1) / folded[2], columns: folded[2])
    }

    private var firstRows: Int { (prefix + grid.columns - 1) / grid.columns }
    private var unused: Int { firstRows * grid.columns - prefix }

    /// Tokens `[B, P + T, C]` as a map.
    func folded(_ tokens: Tensor) throws(TorchError) -> Tensor {
        try tokens.padded([0, 0, unused, 0]).reshaped([tokens.shape[0], firstRows + grid.rows, grid.columns, tokens.shape[2]])
    }

    /// The tokens of a map, `[B, P + T, C]`.
    func tokens(_ map: Tensor) throws(TorchError) -> Tensor {
        try map.flattened(from: 1, through: 2).slice(1, unused..<(firstRows + grid.rows) * grid.columns)
    }
}
