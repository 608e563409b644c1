import Testing

@testable import Torch

/// Winograd's convolution is the direct one, wherever tiles end.
@Suite struct ConvolutionMethodTests {
    @Test(arguments: [
        [1, 16, 32, 1, 1], [3, 32, 16, 5, 4], [2, 64, 64, 14, 14], [1, 16, 48, 7, 3], [70, 256, 128, 9, 13], [2, 512, 256, 7, 5],
    ])
    func bothComputeTheSame(_ shape: [Int]) throws {
        try Generator.seed(6)
        let (samples, inputs, outputs, height, width) = (shape[0], shape[1], shape[2], shape[3], shape[4])
        let weight = try Tensor.randomNormal([outputs, inputs, 3, 3]).scaled(by: (2 / Double(9 * inputs)).squareRoot())
        let bias = try Tensor.randomNormal([outputs])
        let x = try Tensor.randomNormal([samples, inputs, height, width])
        let direct = try x.conv2d(weight, bias: bias, stride: 1, padding: 1)
        let winograd = try WinogradConvolution(weight, bias: bias)
        let shortcut = try Tensor.randomNormal(direct.shape)
        let largest = try direct.absolute().maximum([0, 1, 2, 3]).item()
        for activation in Activation.allCases {
            try expectClose(winograd(x, activation: activation, consuming: nil), activation(direct), largest, "\(activation)")
            let sum = try winograd(x, activation: activation, consuming: shortcut.cloned())
            try expectClose(sum, activation(direct + shortcut), largest, "\(activation), shortcut")
        }
        let unbiased = try WinogradConvolution(weight, bias: nil)(x, activation: .identity, consuming: nil)
        try expectClose(unbiased, x.conv2d(weight, bias: nil, stride: 1, padding: 1), largest, "without a bias")
    }

    @Test func packedConvolutionsTakeItWhereItSuits() throws {
        let store = ParameterStore(inference: .fp32)
        func suits(
            _ inputs: Int, _ outputs: Int, stride: Int = 1, groups: Int = 1, kernel: Int = 3, padding: Int = 1, _ size: Int = 14
        ) throws -> Bool {
            let name = "\(inputs)-\(outputs)-\(stride)-\(groups)-\(kernel)-\(padding)-\(size)"
            let conv = try Conv2d(
                Scope(store) / name, inputs, outputs, kernel: kernel, stride: stride, padding: .zeros(padding), groups: groups)
            return WinogradConvolution.suits(conv, padding: padding, height: size, width: size)
        }
        #expect(try suits(64, 64) && suits(512, 512) && suits(64, 128, 7) && suits(512, 512, 4))
        #expect(try !suits(64, 64, stride: 2))
        #expect(try !suits(64, 64, groups: 2))
        #expect(try !suits(64, 64, kernel: 5, padding: 2))
        #expect(try !suits(64, 64, padding: 0))
        #expect(try !suits(32, 64) && !suits(64, 72) && !suits(1024, 512))
        #expect(try !suits(64, 64, 4) && !suits(64, 64, 5))
    }

    /// Gradients in the input, the kernels and the bias are those of the direct convolution.
    @Test(arguments: [[3, 16, 32, 9, 7], [2, 32, 16, 4, 5], [20, 64, 64, 14, 14]]) func bothTrainTheSame(_ shape: [Int]) throws {
        try Generator.seed(7)
        let (samples, inputs, outputs, height, width) = (shape[0], shape[1], shape[2], shape[3], shape[4])
        let values = try [
            Tensor.randomNormal([samples, inputs, height, width]), .randomNormal([outputs, inputs, 3, 3]).scaled(by: 0.1),
            .randomNormal([outputs]),
        ]
        let weights = try Tensor.randomNormal([samples, outputs, height, width])
        func run(_ convolution: (Tensor, Tensor, Tensor) throws -> Tensor) throws -> [Tensor] {
            let leaves = try values.map { try $0.cloned() }
            for leaf in leaves { try leaf.setRequiresGradient(true) }
            let result = try convolution(leaves[0], leaves[1], leaves[2])
            try (result * weights).sum().backward()
            return try [result.detached()] + leaves.map { try #require(try $0.gradient()) }
        }
        let direct = try run { try $0.conv2d($1, bias: $2, stride: 1, padding: 1) }
        let winograd = try run { try $0.winogradConvolution($1, bias: $2) }
        for (found, expected) in zip(winograd, direct) {
            let scale = try expected.absolute().maximum(Array(expected.shape.indices)).item()
            let difference = try (found - expected).absolute().maximum(Array(found.shape.indices)).item()
            #expect(difference <= 1e-5 * scale, "\(expected.shape): \(difference) of \(scale)")
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let winograd = try WinogradConvolution(.ones([32, 16, 3, 3]), bias: nil)
        func refusal(_ run: () throws -> Tensor) -> String {
            #expect(throws: TorchError.self) { _ = try run() }?.description ?? ""
        }
        #expect(
            refusal { try winograd(.ones([1, 32, 8, 8]), activation: .identity, consuming: nil) }.contains("weights of 32 channels")
        )
        let shortcut = try Tensor.ones([1, 32, 8, 4])
        #expect(refusal { try winograd(.ones([1, 16, 8, 8]), activation: .identity, consuming: shortcut) }.contains("addend"))
        #expect(
            refusal { try Operator("braid::winograd_weight")(.tensor(.ones([8, 16, 3, 3])), .int(4)) }.contains("groups of 16"))
        #expect(refusal { try Operator("braid::winograd_weight")(.tensor(.ones([8, 16, 5, 5])), .int(4)) }.contains("3x3"))
        #expect(refusal { try Operator("braid::winograd_weight")(.tensor(.ones([8, 16, 3, 3])), .int(3)) }.contains("not 3"))
    }

    @Test func whatIsSaidDecides() throws {
        #expect(try ConvolutionMethod.told(["BRAID_CONVOLUTION": "direct"]) == .direct)
        #expect(try ConvolutionMethod.told([:]) == nil)
        let error = #expect(throws: TorchError.self) { try ConvolutionMethod.told(["BRAID_CONVOLUTION": "fft"]) }
        #expect(error?.description.contains("is fft; expected direct or winograd") == true)
        #expect(try ConvolutionMethod.fastest() == ConvolutionMethod.fastest())
    }

    /// - Parameter largest: Of all sums, of which rounding takes its share.
    private func expectClose(_ found: Tensor, _ expected: Tensor, _ largest: Double, _ what: String) throws {
        #expect(found.shape == expected.shape)
        let difference = try (found - expected).absolute().maximum([0, 1, 2, 3]).item()
        #expect(difference <= 3e-5 * largest, "\(what): \(difference) of \(largest)")
    }
}
