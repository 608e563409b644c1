public import Torch

/// ResNet with basic blocks (He et al. 2016, arXiv:1512.03385), in timm's key layout: `conv1`, `bn1`, `layer1.0.conv1`, …
public struct ResNet: Encoder {
    public let dimension: Int
    public let blocks: [[String]]
    private let conv: Conv2d
    private let norm: BatchNorm
    private let stages: [[BasicBlock]]

    /// timm's stem, whatever the width of the stages.
    private static let stemWidth = 64

    /// - Parameters:
    ///   - layers: Blocks in each stage, `[2, 2, 2, 2]` for ResNet-18.
    ///   - channels: Width of each stage.
    public init(_ scope: Scope, layers: [Int], channels: [Int]) throws {
        conv = try Conv2d(scope / "conv1", 3, Self.stemWidth, kernel: 7, stride: 2, padding: 3)
        norm = try BatchNorm(scope / "bn1", Self.stemWidth)
        var inputs = Self.stemWidth
        var stages: [[BasicBlock]] = []
        var paths = [["conv1.", "bn1."]]
        for (stage, width) in channels.enumerated() {
            var blocks: [BasicBlock] = []
            for index in 0..<layers[stage] {
                let stride = index == 0 && stage > 0 ? 2 : 1
                blocks.append(try BasicBlock(scope / "layer\(stage + 1)" / index, inputs, width, stride: stride))
                paths.append(["layer\(stage + 1).\(index)."])
                inputs = width
            }
            stages.append(blocks)
        }
        // The classifier of the pretraining.
        scope.ignore("fc.weight")
        scope.ignore("fc.bias")
        self.stages = stages
        blocks = paths
        dimension = inputs
    }

    /// `[B, 3, H, W]`; tokens are the last map's positions, row by row.
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        var x = try norm(conv(input.values), mode: mode).relu().maxPool2d(kernel: 3, stride: 2, padding: 1)
        for stage in stages {
            for block in stage { x = try block(x, mode: mode) }
        }
        return Encoding(pooled: try x.mean([2, 3]), tokens: try x.flattened(from: 2).transposed(1, 2))
    }
}

/// Two 3×3 convolutions and a shortcut.
private struct BasicBlock {
    private let conv1: Conv2d
    private let norm1: BatchNorm
    private let conv2: Conv2d
    private let norm2: BatchNorm
    private let shortcut: (conv: Conv2d, norm: BatchNorm)?

    init(_ scope: Scope, _ inputs: Int, _ width: Int, stride: Int) throws {
        conv1 = try Conv2d(scope / "conv1", inputs, width, kernel: 3, stride: stride, padding: 1)
        norm1 = try BatchNorm(scope / "bn1", width)
        conv2 = try Conv2d(scope / "conv2", width, width, kernel: 3, padding: 1)
        norm2 = try BatchNorm(scope / "bn2", width)
        guard stride != 1 || inputs != width else {
            shortcut = nil
            return
        }
        let conv = try Conv2d(scope / "downsample" / 0, inputs, width, kernel: 1, stride: stride)
        shortcut = (conv, try BatchNorm(scope / "downsample" / 1, width))
    }

    func callAsFunction(_ input: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        let inner = try norm1(conv1(input), mode: mode).relu()
        let outer = try norm2(conv2(inner), mode: mode)
        guard let shortcut else { return try (outer + input).relu() }
        return try (outer + shortcut.norm(shortcut.conv(input), mode: mode)).relu()
    }
}
