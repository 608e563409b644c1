import Braid
import Torch

/// Patches of 16×16 pixels, each through one layer, and their mean: an encoder in one file.
struct PatchMixer: Encoder {
    let dimension: Int
    let blocks: [[String]] = [["patches."], ["norm."]]
    private let patches: Conv2d
    private let norm: LayerNorm

    init(_ scope: Scope, dimension: Int) throws {
        patches = try Conv2d(scope / "patches", 3, dimension, kernel: 16, stride: 16, bias: true)
        norm = try LayerNorm(scope / "norm", dimension)
        self.dimension = dimension
    }

    /// `[B, 3, H, W]`; tokens are the patches, row by row.
    func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        let tokens = try norm(patches(input.values).flattened(from: 2).transposed(1, 2)).gelu()
        return Encoding(pooled: try tokens.mean([1]), tokens: tokens)
    }

    static let builder = EncoderBuilder(modality: .image, name: "patch-mixer", paper: "docs/adding-an-encoder.md") { source in
        let dimension = try source.config.object("model_args").int("dim", 32)
        guard (1...4096).contains(dimension) else { throw source.config.fault("model_args.dim must lie in 1 ... 4096") }
        return (try PatchMixer(source.scope, dimension: dimension), try ImageFrontEnd(source))
    }
}
