import Testing

@testable import Torch

/// Winograd's convolution is the direct one, wherever tiles end.
@Suite struct ConvolutionMethodTests {
    @Test(arguments: [[1, 16, 32, 1, 1], [3, 32, 16, 5, 4], [2, 64, 64, 14, 14], [1, 16, 48, 7, 3], [70, 256, 128, 9, 13]])
    func bothComputeTheSame(_ shape: [Int]) throws {
        try Generator.seed(6)
        let (samples, inputs, outputs, height, width) = (shape[0], shape[1], shape[2], shape[3], shape[4])
        let weight = try Tensor.randomNormal([outputs, inputs, 3, 3]).scaled(by: (2 / Double(9 * inputs)).squareRoot())
        let bias = try Tensor.randomNormal([outputs])
        let x = try Tensor.randomNormal([samples, inputs, height, width])
        let direct = try x.conv2d(weight, bias: bias, stride: 1, padding: 1)
        let winograd = try WinogradConvolution(weight, bias: bias)
        let shortcut = try Tensor.randomNormal(direct.shape)
        for activation in Activation.allCases {
            try expectClose(winograd(x, activation: activation, consuming: nil), activation(direct), "\(activation)")
            let sum = try winograd(x, activation: activation, consuming: shortcut.cloned())
            try expectClose(sum, activation(direct + shortcut), "\(activation), shortcut")
        }
        let unbiased = try WinogradConvolution(weight, bias: nil)(x, activation: .identity, consuming: nil)
        try expectClose(unbiased, x.conv2d(weight, bias: nil, stride: 1, padding: 1), "without a bias")
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
        #expect(try suits(64, 64) && suits(512, 512) && suits(64, 128, 7))
        #expect(try !suits(64, 64, stride: 2))
        #expect(try !suits(64, 64, groups: 2))
        #expect(try !suits(64, 64, kernel: 5, padding: 2))
        #expect(try !suits(64, 64, padding: 0))
        #expect(try !suits(32, 64) && !suits(64, 72) && !suits(1024, 512))
        #expect(try !suits(64, 64, 4) && !suits(64, 64, 5))
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
        let uneven = try WinogradConvolution(.ones([8, 16, 3, 3]), bias: nil)
        #expect(refusal { try uneven(.ones([1, 16, 8, 8]), activation: .identity, consuming: nil) }.contains("groups of 16"))
        #expect(refusal { try Operator("braid::winograd_weight")(.tensor(.ones([8, 16, 5, 5]))) }.contains("3x3"))
    }

    @Test func whatIsSaidDecides() throws {
        #expect(try ConvolutionMethod.told(["BRAID_CONVOLUTION": "direct"]) == .direct)
        #expect(try ConvolutionMethod.told([:]) == nil)
        let error = #expect(throws: TorchError.self) { try ConvolutionMethod.told(["BRAID_CONVOLUTION": "fft"]) }
        #expect(error?.description.contains("is fft; expected direct or winograd") == true)
        #expect(try ConvolutionMethod.fastest() == ConvolutionMethod.fastest())
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, _ what: String) throws {
        #expect(found.shape == expected.shape)
        let difference = try (found - expected).absolute().maximum(Array(found.shape.indices)).item()
        #expect(difference <= 1e-4, "\(what): \(difference)")
    }
}
