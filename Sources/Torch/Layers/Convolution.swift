/// A one-dimensional convolution: `[B, in, T]` to `[B, out, T']`. Keys as `torch.nn.Conv1d`.
public struct Conv1d {
    public let weight: Tensor
    public let bias: Tensor?
    private let stride: Int
    private let padding: Int

    public init(
        _ scope: Scope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true
    ) throws {
        weight = try scope.parameter("weight", [outputs, inputs, kernel], .fanIn(inputs * kernel))
        self.bias = bias ? try scope.parameter("bias", [outputs], .fanIn(inputs * kernel)) : nil
        self.stride = stride
        self.padding = padding
    }

    public func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
        try input.conv1d(weight, bias: bias, stride: stride, padding: padding)
    }
}

/// A two-dimensional convolution without bias, as it stands before a batch norm: `[B, in, H, W]` to `[B, out, H', W']`.
/// Key `weight`, as `torch.nn.Conv2d`.
public struct Conv2d {
    public let weight: Tensor
    private let stride: Int
    private let padding: Int

    public init(_ scope: Scope, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0) throws {
        let shape = [outputs, inputs, kernel, kernel]
        weight = try scope.parameter("weight", shape, .kaimingNormal(fanOut: outputs * kernel * kernel))
        self.stride = stride
        self.padding = padding
    }

    public func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
        try input.conv2d(weight, stride: stride, padding: padding)
    }
}
