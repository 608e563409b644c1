import Foundation
import TestSupport
import Testing
import Torch

/// Every operator against values and gradients that PyTorch made: scripts/references/ops.py.
@Suite struct OperatorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let apply: @Sendable ([Tensor]) throws -> Tensor
        var testDescription: String { name }

        init(_ name: String, _ apply: @escaping @Sendable ([Tensor]) throws -> Tensor) {
            self.name = name
            self.apply = apply
        }
    }

    static let cases: [Case] = [
        Case("linear") { try $0[0].linear($0[1], bias: $0[2]) },
        Case("conv1d") { try $0[0].conv1d($0[1], bias: $0[2], stride: 2, padding: 1) },
        Case("conv2d") { try $0[0].conv2d($0[1], bias: $0[2], stride: 2, padding: 1) },
        Case("conv2d_groups") { try $0[0].conv2d($0[1], padding: 1, groups: 4) },
        Case("batch_norm_train") {
            try $0[0].batchNorm(
                weight: $0[1], bias: $0[2], runningMean: $0[3].cloned(), runningVariance: $0[4].cloned(), mode: .train)
        },
        Case("batch_norm_eval") {
            try $0[0].batchNorm(weight: $0[1], bias: $0[2], runningMean: $0[3], runningVariance: $0[4], mode: .evaluate)
        },
        Case("layer_norm") { try $0[0].layerNorm(weight: $0[1], bias: $0[2], epsilon: 1e-12) },
        Case("embedding") { try $0[1].embedding($0[0]) },
        Case("gelu") { try $0[0].gelu() },
        Case("relu") { try $0[0].relu() },
        Case("tanh") { try $0[0].tanh() },
        Case("sigmoid") { try $0[0].sigmoid() },
        Case("softmax") { try $0[0].softmax() },
        Case("log_softmax") { try $0[0].logSoftmax() },
        Case("max_pool2d") { try $0[0].maxPool2d(kernel: 3, stride: 2, padding: 1) },
        Case("avg_pool2d") { try $0[0].averagePool2d(kernel: 2, stride: 2) },
        Case("mean_dims") { try $0[0].mean([2, 3]) },
        Case("attention") { try $0[0].attention(keys: $0[1], values: $0[2], mask: $0[3]) },
        Case("cross_entropy") { try $0[0].crossEntropy($0[1]) },
        Case("cross_entropy_weighted") { try $0[0].crossEntropy($0[1], classWeights: $0[2], labelSmoothing: 0.1) },
        Case("bce_with_logits") { try $0[0].binaryCrossEntropyPerElement($0[1]).mean() },
        Case("mse") { try $0[0].squaredErrorPerElement($0[1]).mean() },
        Case("matmul") { try $0[0].matmul($0[1]) },
        Case("cat") { try Tensor.concatenate($0, 1) },
        Case("where") { try $0[1].where($0[0].converted(to: .bool), else: $0[2]) },
    ]

    @Test(arguments: cases) func agreesWithPyTorch(_ test: Case) throws {
        let file = try Fixtures.tensors("ops.safetensors")
        let inputs = try Self.inputs(test.name, file)
        let output = try test.apply(inputs)
        try #expect(maxDifference(output, file.tensor("\(test.name)/out")) <= 1e-5)
        try Self.expectGradients(test.name, inputs, output, file)
    }

    @Test func multiHeadAttentionAgreesWithPyTorch() throws {
        let name = "multi_head_attention"
        let file = try Fixtures.tensors("ops.safetensors")
        let x = try file.tensor("\(name)/in0")
        let (weight, bias) = (try file.tensor("\(name)/in1"), try file.tensor("\(name)/in2"))
        let folder = try TemporaryFolder()
        // PyTorch packs the three projections; here each has its own name.
        var named: [(name: String, tensor: Tensor)] = []
        for (index, part) in ["query", "key", "value"].enumerated() {
            named.append(("\(part).weight", try weight.slice(0, index * 8..<index * 8 + 8)))
            named.append(("\(part).bias", try bias.slice(0, index * 8..<index * 8 + 8)))
        }
        named += [("output.weight", try file.tensor("\(name)/in3")), ("output.bias", try file.tensor("\(name)/in4"))]
        let checkpoint = folder.url.appendingPathComponent("attention.safetensors")
        try SafetensorsWriter.write(named, to: checkpoint)
        let scope = try Scope(ParameterStore(loading: SafetensorsFile(checkpoint)))
        let attention = MultiHeadAttention(
            query: try Linear(scope / "query", 8, 8), key: try Linear(scope / "key", 8, 8),
            value: try Linear(scope / "value", 8, 8),
            output: try Linear(scope / "output", 8, 8), heads: 2)
        let mask = try file.tensor("\(name)/in5").converted(to: .bool)
        let output = try attention(x, .padded(mask), addingTo: .zeros(x.shape), mode: .evaluate)
        try #expect(maxDifference(output, file.tensor("\(name)/out")) <= 1e-5)
    }

    @Test func batchNormUpdatesRunningStatistics() throws {
        let file = try Fixtures.tensors("ops.safetensors")
        let inputs = try Self.inputs("batch_norm_train", file)
        let (mean, variance) = (try inputs[3].cloned(), try inputs[4].cloned())
        _ = try inputs[0].batchNorm(weight: inputs[1], bias: inputs[2], runningMean: mean, runningVariance: variance, mode: .train)
        try #expect(maxDifference(mean, file.tensor("batch_norm_train/running_mean")) <= 1e-6)
        try #expect(maxDifference(variance, file.tensor("batch_norm_train/running_var")) <= 1e-6)
    }

    @Test func shapeMismatchIsAnErrorThatNamesOperatorAndShapes() throws {
        let left = try Tensor.zeros([2, 3])
        let error = #expect(throws: TorchError.self) { try left.matmul(.zeros([4, 5])) }
        #expect(error?.operation == "aten::matmul")
        #expect(error?.arguments == ["tensor [2, 3]", "tensor [4, 5]"])
    }

    @Test func wrongArgumentTypeIsAnErrorAndNotACrash() throws {
        let table = try Tensor.zeros([4, 2])
        #expect(throws: TorchError.self) { try table.embedding(.zeros([3])) }
        #expect(throws: TorchError.self) { try Tensor([Float(1), 2], shape: [3]) }
        #expect(throws: TorchError.self) { try Tensor([Float(1)], shape: [-1]) }
    }

    @Test func dropoutKeepsTheMeanAndActsOnlyInTraining() throws {
        try Generator.seed(3)
        let ones = try Tensor.ones([20_000])
        let dropped = try ones.dropout(0.25, mode: .train)
        #expect(abs(try dropped.mean().item() - 1) < 0.02)
        #expect(try dropped.array().contains(0))
        try #expect(maxDifference(ones.dropout(0.25, mode: .evaluate), ones) == 0)
    }

    @Test func generatorStateRepeatsDraws() throws {
        try Generator.seed(7)
        let state = try Generator.state()
        let first = try Tensor.randomNormal([8])
        try Generator.restore(state)
        try #expect(maxDifference(first, .randomNormal([8])) == 0)
    }

    private static func inputs(_ name: String, _ file: SafetensorsFile) throws -> [Tensor] {
        var inputs: [Tensor] = []
        while file.entries["\(name)/in\(inputs.count)"] != nil {
            // A copy: a leaf of its own for each test.
            let tensor = try file.tensor("\(name)/in\(inputs.count)").cloned()
            if file.entries["\(name)/grad\(inputs.count)"] != nil { try tensor.setRequiresGradient(true) }
            inputs.append(tensor)
        }
        #expect(!inputs.isEmpty, "there is no case \(name) in the fixture")
        return inputs
    }

    private static func expectGradients(_ name: String, _ inputs: [Tensor], _ output: Tensor, _ file: SafetensorsFile) throws {
        guard inputs.contains(where: \.requiresGradient) else { return }
        try (output * file.tensor("\(name)/cotangent")).sum().backward()
        for (index, input) in inputs.enumerated() where file.entries["\(name)/grad\(index)"] != nil {
            let gradient = try #require(try input.gradient())
            try #expect(maxDifference(gradient, file.tensor("\(name)/grad\(index)")) <= 1e-5)
        }
    }
}
