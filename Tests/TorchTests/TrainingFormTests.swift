import TestSupport
import Testing

@testable import Torch

/// What layers compute in training in a form of their own is what libtorch's operators compute one by one.
@Suite struct TrainingFormTests {
    /// The same values and gradients where next to nothing is dropped, with keys that are hidden and without.
    @Test(arguments: [false, true]) func plainAttentionIsLibtorchs(_ isMasked: Bool) throws {
        let flags: [UInt8] = [1, 1, 0, 1, 1, 1, 0, 0, 0, 0]
        let mask = isMasked ? try Tensor(flags, shape: [2, 1, 1, 5]).converted(to: .bool) : nil
        let results = try [false, true].map { isPlain in
            try Generator.seed(3)
            let parts = try (0..<3).map { _ in try Tensor.randomNormal([2, 3, 5, 4]) }
            for part in parts { try part.setRequiresGradient(true) }
            let output =
                try isPlain
                ? parts[0].plainAttention(keys: parts[1], values: parts[2], mask: mask, dropout: 1e-7)
                : parts[0].attention(keys: parts[1], values: parts[2], mask: mask)
            try (output * output).sum().backward()
            return [output] + (try parts.map { try #require(try $0.gradient()) })
        }
        for (plain, expected) in zip(results[1], results[0]) { try #expect(maxDifference(plain, expected) <= 1e-5) }
    }

    /// Rows that may attend nothing are left to libtorch, which makes zeros of them.
    @Test func attentionToNothingIsZero() throws {
        let x = try Tensor.randomNormal([2, 1, 3, 4])
        let mask = try Tensor([1, 1, 1, 0, 0, 0] as [UInt8], shape: [2, 1, 1, 3]).converted(to: .bool)
        let output = try x.attention(keys: x, values: x, mask: mask, dropout: 0.5)
        try #expect(maxDifference(output.select(0, 1), .zeros([1, 3, 4])) == 0)
    }

    /// A batch norm that nothing changes goes into the weights in front of it: with LoRA beside them, without, and in groups.
    @Test(arguments: [true, false], [1, 4]) func aConstantNormIsFolded(_ hasAdapter: Bool, _ groups: Int) throws {
        try Generator.seed(6)
        let plan = AdapterPlan(.lowRank(LowRank(rank: 2, alpha: 3))) { _ in .output }
        let store = ParameterStore(adapters: hasAdapter ? plan : nil, trainsStatistics: false)
        let scope = Scope(store)
        let conv = try Conv2d(scope / "conv", 4, 8, kernel: 3, padding: .zeros(1), groups: groups, bias: true)
        let norm = try BatchNorm(scope / "bn", 8)
        for entry in store.entries where entry.path.contains("bn") || entry.path.contains("bias") || entry.role == .adapter {
            try entry.tensor.copyInPlace(from: Tensor.randomUniform(entry.tensor.shape, from: 0.5, to: 1.5))
        }
        let adapters = store.entries.filter { $0.role == .adapter }.map(\.tensor)
        #expect(adapters.count == (hasAdapter && groups == 1 ? 2 : 0))
        let x = try Tensor.randomNormal([2, 4, 6, 5])
        for leaf in adapters + [x] { try leaf.setRequiresGradient(true) }
        #expect(norm.isConstant)
        var results: [[Tensor]] = []
        for isFolded in [false, true] {
            for leaf in adapters + [x] { try leaf.clearGradient() }
            let output =
                try isFolded
                ? ConvNorm(conv, norm)(x, activation: .relu6, mode: .train)
                : Activation.relu6(norm(conv(x, mode: .train), mode: .train))
            try (output * output).sum().backward()
            results.append([output] + (try (adapters + [x]).map { try #require(try $0.gradient()) }))
        }
        for (folded, expected) in zip(results[1], results[0]) {
            let size = try max(1, expected.absolute().maximum(Array(expected.shape.indices)).item())
            try #expect(maxDifference(folded, expected) <= 1e-5 * size)
        }
    }

    /// What is trained of the layer or of the norm keeps it as it is.
    @Test func aTrainedNormIsNotFolded() throws {
        let norm = try BatchNorm(Scope(ParameterStore(trainsStatistics: false)), 3)
        #expect(norm.isConstant)
        try norm.bias.setRequiresGradient(true)
        #expect(!norm.isConstant)
        #expect(try !BatchNorm(Scope(ParameterStore()), 3).isConstant)
    }
}
