public import Torch

/// The VGGish audio encoder (Hershey et al. 2017, arXiv:1609.09430).
///
/// It makes one embedding of a patch of 0.96 seconds; a recording's embedding is the mean over its patches. Parameters have
/// the names of its PyTorch ports: `features.0`, …, `embeddings.0`, ….
public struct VGGish: BlockwiseEncoder {
    /// D, the size of an embedding and of a token.
    public let dimension = 128
    /// Path prefixes of the parameters: each convolution, then each linear layer.
    public let blocks: [[String]]
    private let convs: [Conv2d]
    private let layers: [Linear]

    /// Where each convolution stands among `features`, its width, and whether a pool follows.
    private static let table = [(0, 64, true), (3, 128, true), (6, 256, false), (8, 256, true), (11, 512, false), (13, 512, true)]
    private static let hidden = 4096
    /// Positions of the last map: 96 × 64, halved four times.
    private static let positions = 6 * 4

    /// Asks `scope` for the weights.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    public init(_ scope: Scope) throws {
        var inputs = 1
        convs = try Self.table.map { index, width, _ in
            defer { inputs = width }
            return try Conv2d(scope / "features" / index, inputs, width, kernel: 3, padding: .half(3), bias: true)
        }
        let sizes = [inputs * Self.positions, Self.hidden, Self.hidden, dimension]
        layers = try (0..<3).map { try Linear(scope / "embeddings" / (2 * $0), sizes[$0], sizes[$0 + 1]) }
        blocks = Self.table.map { ["features.\($0.0)."] } + (0..<3).map { ["embeddings.\(2 * $0)."] }
        // The principal components that the published post-processor quantises with.
        for name in ["pca_eigen_vectors", "pca_means", "pca_matrix"] { (scope / "pproc").ignore(name) }
    }

    /// The convolutions, of log-mel patches `[B, 96, 64]`, 96 frames of 64 mel bins; then the linear layers.
    ///
    /// - Throws: `TorchError` where the input has another shape.
    public func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        var x = input.values
        for block in range {
            if block == 0 { x = try x.unsqueezed(1) }
            if block < convs.count {
                x = try convs[block](x, activation: .relu, mode: mode)
                if Self.table[block].2 { x = try x.maxPool2d(kernel: 2, stride: 2) }
                continue
            }
            // Channels last, as the original flattens.
            if block == convs.count { x = try x.permuted([0, 2, 3, 1]).flattened(from: 1) }
            x = try layers[block - convs.count](x, activation: .relu, mode: mode)
        }
        return Activations(values: x)
    }

    /// `pooled` is `[B, 128]`, `tokens` are `[B, 1, 128]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        Encoding(pooled: last.values, tokens: try last.values.unsqueezed(1))
    }

    static let builders = [
        EncoderBuilder(
            modality: .audio, name: "vggish", paper: "arXiv:1609.09430",
            layouts: { _ in
                [
                    KeyMap(
                        "torchaudio", markers: ["features_network."],
                        renamed: [(from: "features_network.", to: "features."), (from: "embedding_network.", to: "embeddings.")])
                ]
            },
            build: { source in
                let frontEnd = try LogMelFrontEnd(source, published: .vggish, leastFrames: 96)
                guard frontEnd.settings.patches?.frames == 96, frontEnd.settings.melBins == 64 else {
                    throw source.config.fault("VGGish takes patches of 96 frames and 64 mel bins: set patch_frames and mel_bins so")
                }
                return (try VGGish(source.scope), frontEnd)
            }
        )
        .usually("torchaudio.prototype.pipelines.VGGISH", licence: "Apache-2.0")
    ]
}
