internal import Torch

/// The convolutions of wav2vec 2.0, which make frames of samples.
///
/// Padding behind a recording changes nothing of its own frames: convolutions reach over nothing but samples, and the first norm's statistics are those of
/// the recording's own frames. Keys as in Transformers: `conv_layers.0.conv`, `conv_layers.0.layer_norm`.
struct WaveformFeatures {
    private let layers: [Layer]
    private let shape: Wav2Vec2.Shape

    init(_ scope: Scope, _ shape: Wav2Vec2.Shape) throws {
        layers = try shape.convolutions.indices.map { try Layer(scope / "conv_layers" / $0, shape, $0) }
        self.shape = shape
    }

    /// Samples `[B, N]`, of which the first `lengths` are real, to frames `[B, T, C]` and how many of these are; nil where all are.
    func callAsFunction(_ samples: Tensor, _ lengths: [Int]?) throws -> (Tensor, [Int]?) {
        var (x, lengths) = (try samples.unsqueezed(1), lengths)
        for (layer, size) in zip(layers, shape.convolutions) {
            lengths = lengths.map { $0.map { $0 < size.kernel ? 0 : ($0 - size.kernel) / size.stride + 1 } }
            x = try layer(x, lengths)
        }
        return (try x.transposed(1, 2), lengths)
    }

    /// A convolution, a norm in some, and an activation.
    private struct Layer {
        private enum Norm {
            case none
            case channels(LayerNorm)
            /// Each channel by itself, over time: `[C]` both.
            case time(weight: Tensor, bias: Tensor)
        }

        let conv: Conv1d
        private let norm: Norm
        let activation: Activation

        init(_ scope: Scope, _ shape: Wav2Vec2.Shape, _ index: Int) throws {
            let size = shape.convolutions[index]
            let inputs = index == 0 ? 1 : shape.convolutions[index - 1].width
            conv = try Conv1d(
                scope / "conv", inputs, size.width, kernel: size.kernel, stride: size.stride, bias: shape.hasConvolutionBias)
            let place = scope / "layer_norm"
            norm =
                switch (shape.norm, index) {
                case (.layer, _): .channels(try LayerNorm(place, size.width))
                case (.group, 0):
                    .time(
                        weight: try place.parameter("weight", [size.width], .constant(1), role: .norm),
                        bias: try place.parameter("bias", [size.width], .constant(0), role: .norm))
                case (.group, _): .none
                }
            activation = shape.convolutionActivation
        }

        func callAsFunction(_ input: Tensor, _ lengths: [Int]?) throws -> Tensor {
            let x = try conv(input)
            switch norm {
            case .none: return try activation(x)
            case .channels(let norm): return try activation(norm(x.transposed(1, 2)).transposed(1, 2))
            case .time(let weight, let bias): return try activation(Self.overTime(x, weight, bias, lengths))
            }
        }

        /// Group norm with a group a channel, over the frames that are real.
        private static func overTime(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, _ lengths: [Int]?) throws -> Tensor {
            guard let lengths else { return try x.groupNorm(groups: x.shape[1], weight: weight, bias: bias) }
            let real = try lengthMask(lengths, x.shape[2]).moved(to: x.device).unsqueezed(1).converted(to: x.dtype)
            let count = try real.sum([2], keep: true).clamped(atLeast: 1)
            let centred = try (x - (x * real).sum([2], keep: true) / count) * real
            let deviation = try ((centred * centred).sum([2], keep: true) / count).adding(1e-5).power(0.5)
            return try centred / deviation * weight.unsqueezed(1) + bias.unsqueezed(1)
        }
    }
}

/// Positions by a convolution over many tokens, whose weights are stored as directions and lengths (weight normalization, Salimans and Kingma 2016,
/// arXiv:1602.07868).
///
/// Keys as in Transformers up to version 4: `conv.weight_g` and `conv.weight_v`, and `conv.bias`.
struct ConvolutionalPositions {
    private let lengths: Tensor
    private let directions: Tensor
    private let bias: Tensor
    /// The weights themselves, where they are frozen.
    private let frozen: Tensor?
    private let groups: Int
    private let activation: Activation

    /// - Parameters:
    ///   - scope: The layer's place in the model.
    ///   - hidden: The size of a token.
    ///   - kernel: How many tokens the convolution sees.
    ///   - groups: Into how many groups its channels fall.
    ///   - activation: What stands behind it.
    init(_ scope: Scope, _ hidden: Int, kernel: Int, groups: Int, _ activation: Activation) throws {
        (self.groups, self.activation) = (groups, activation)
        let inputs = hidden / groups
        let conv = scope / "conv"
        directions = try conv.parameter(
            "weight_v", [hidden, inputs, kernel], .normal(deviation: 2 / Double(kernel * hidden).squareRoot()))
        lengths = try conv.parameter(
            "weight_g", [1, 1, kernel], .constant(2 * (Double(inputs) / Double(kernel)).squareRoot()), decays: false)
        bias = try conv.parameter("bias", [hidden], .constant(0))
        frozen = try scope.store.inference == nil ? nil : Self.weight(directions, lengths)
    }

    /// The positions of tokens `[B, T, D]`, zeros around them: of the same shape.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let weight = try frozen ?? Self.weight(directions, lengths)
        let positions = try x.transposed(1, 2).conv1d(weight, bias: bias, padding: weight.shape[2] / 2, groups: groups)
        // An even kernel gives one position more than there are tokens.
        return try activation(positions.slice(2, 0..<x.shape[1])).transposed(1, 2)
    }

    private static func weight(_ directions: Tensor, _ lengths: Tensor) throws -> Tensor {
        try directions * (lengths / (directions * directions).sum([0, 1], keep: true).power(0.5))
    }
}
