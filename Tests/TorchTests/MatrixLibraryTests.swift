import Testing

@testable import Torch

/// Products through either library are the same product, forward and backward.
@Suite struct MatrixLibraryTests {
    @Test(arguments: [[300, 64], [2, 150, 64], [1, 64]]) func bothGiveTheSameProductAndGradients(_ shape: [Int]) throws {
        try Generator.seed(3)
        let (values, matrix, offset) = try (Tensor.randomNormal(shape), Tensor.randomNormal([48, 64]), Tensor.randomNormal([48]))
        let weights = try Tensor.randomNormal(Array(shape.dropLast()) + [48])
        func run(_ product: (Tensor, Tensor, Tensor) throws -> Tensor) throws -> [Tensor] {
            let leaves = try [values.cloned(), matrix.cloned(), offset.cloned()]
            for leaf in leaves { try leaf.setRequiresGradient(true) }
            let result = try product(leaves[0], leaves[1], leaves[2])
            try (result * weights).sum().backward()
            return try [result] + leaves.map { try #require(try $0.gradient()) }
        }
        let plain = try run { try $0.linear($1, bias: $2) }
        let convolved = try run { try $0.linearAsConvolution($1, bias: $2) }
        for (left, right) in zip(plain, convolved) {
            #expect(left.shape == right.shape)
            let difference = try (left - right).absolute().maximum(Array(left.shape.indices)).item()
            #expect(difference <= 1e-3, "of values up to hundreds")
        }
        #expect(try (plain[0] - convolved[0]).absolute().maximum(Array(plain[0].shape.indices)).item() <= 1e-4)
    }

    @Test func theFasterOneIsFoundByTrying() throws {
        let before = ContinuousClock.now
        let first = try MatrixLibrary.fastest()
        _ = try MatrixLibrary.fastestInTraining()
        #expect(ContinuousClock.now - before < .seconds(10))
        #expect(try MatrixLibrary.fastest() == first)
    }

    @Test func aLibraryThatIsNotKnownIsRefused() throws {
        #expect(try MatrixLibrary.told(["BRAID_MATRIX_LIBRARY": "mkl"]) == .mkl)
        #expect(try MatrixLibrary.told(["BRAID_MATRIX_LIBRARY": "onednn"]) == .oneDNN)
        #expect(try MatrixLibrary.told([:]) == nil)
        let error = #expect(throws: TorchError.self) { try MatrixLibrary.told(["BRAID_MATRIX_LIBRARY": "blas"]) }
        #expect(error?.description.contains("is blas; expected mkl or onednn") == true)
    }

    /// Whatever library is chosen, a packed layer computes what the plain one does.
    @Test func packedLayersComputeTheSame() throws {
        try Generator.seed(4)
        let plain = try Linear(Scope(ParameterStore()), 40, 24)
        let frozen = Linear(frozen: plain.weight, bias: plain.bias, .fp32)
        let x = try Tensor.randomNormal([5, 7, 40])
        let addend = try Tensor.randomNormal([5, 7, 24])
        for activation in Activation.allCases {
            try expectClose(
                frozen(x, activation: activation), activation(x.linear(plain.weight, bias: plain.bias)), "\(activation)")
        }
        try expectClose(
            frozen(x, dropout: 0.5, adding: addend, mode: .evaluate), x.linear(plain.weight, bias: plain.bias) + addend, "sum")
    }

    /// Folded batch norm, every activation, with and without a shortcut, every kind of padding.
    @Test(arguments: [Conv2d.Padding.zeros(1), .same, .sides(0, 1)]) func packedConvolutionsComputeTheSame(
        _ padding: Conv2d.Padding
    ) throws {
        for (inputs, size) in [(1, [9, 7]), (6, [9, 7]), (6, [31, 2])] {
            func make(_ precision: Precision?) throws -> ConvNorm {
                try Generator.seed(5)
                let scope = Scope(ParameterStore(inference: precision))
                let conv = try Conv2d(scope / "conv", inputs, 8, kernel: 3, padding: padding, bias: true)
                let norm = try BatchNorm(scope / "bn", 8)
                for entry in scope.store.entries where entry.path.contains("bn") || entry.path.hasSuffix("bias") {
                    try entry.tensor.copyInPlace(from: Tensor.randomUniform(entry.tensor.shape, from: 0.5, to: 1.5))
                }
                return ConvNorm(conv, norm)
            }
            let (plain, packed) = (try make(nil), try make(.fp32))
            let x = try Tensor.randomNormal([2, inputs] + size)
            for activation in Activation.allCases {
                try expectClose(
                    packed(x, activation: activation, mode: .evaluate), plain(x, activation: activation, mode: .evaluate),
                    "\(activation)")
                let shortcut = try plain(x, mode: .evaluate)
                try expectClose(
                    packed(x, activation: activation, consuming: shortcut.cloned(), mode: .evaluate),
                    plain(x, activation: activation, consuming: shortcut.cloned(), mode: .evaluate), "\(activation), shortcut")
            }
        }
    }

    /// Whoever multiplies, products of float32 are in the lower format where that is asked for, as torch.autocast has it.
    @Test func productsAndConvolutionsFollowAutocast() throws {
        let store = ParameterStore()
        let linear = try Linear(Scope(store) / "linear", 256, 256)
        let conv = try Conv2d(Scope(store) / "conv", 64, 64, kernel: 3, padding: .zeros(1))
        for entry in store.parameters { try entry.tensor.setRequiresGradient(true) }
        let rows = try Tensor.randomNormal([512, 256])
        let maps = try Tensor.randomNormal([8, 64, 56, 56])
        for (dtype, expected) in [(DType.bfloat16, DType.bfloat16), (.float32, .float32)] {
            try inLowerPrecision(dtype, on: .cpu) {
                try #expect(linear(rows, mode: .train).dtype == expected)
                try #expect(conv(maps, mode: .train).dtype == expected)
            }
        }
    }

    @Test func sequencesOfOneLengthAreARun() {
        let runs = SequenceRun.runs(of: [5, 5, 3, 2, 2, 2])
        #expect(runs.map(\.rows) == [0..<10, 10..<13, 13..<19])
        #expect(runs.map(\.count) == [2, 1, 3])
        #expect(SequenceRun.runs(of: []).isEmpty)
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, _ what: String) throws {
        #expect(found.shape == expected.shape)
        let difference = try (found - expected).absolute().maximum(Array(found.shape.indices)).item()
        #expect(difference <= 1e-4, "\(what): \(difference)")
    }
}
