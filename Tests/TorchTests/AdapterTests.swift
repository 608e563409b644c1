import Foundation
import TestSupport
import Testing
import Torch

/// Layers with adapters against the real peft: scripts/references/adapters.py.
@Suite struct AdapterTests {
    private static let lora = LowRank(rank: 3, alpha: 5)

    /// What a fixture's name says of the adapter.
    private static func method(_ name: String) -> AdapterMethod {
        switch name.split(separator: "-", maxSplits: 1).last {
        case "lora": .lowRank(lora)
        case "rslora": .lowRank(LowRank(rank: 3, alpha: 5, isRankStabilized: true))
        case "dora": .lowRank(LowRank(rank: 3, alpha: 5, isDecomposed: true))
        default: .scaling
        }
    }

    /// A layer of the fixture's kind, its way from input to output in training.
    private func layer(_ name: String, _ store: ParameterStore) throws -> (Tensor) throws -> Tensor {
        let scope = Scope(store) / "layer"
        switch name.split(separator: "-").first {
        case "linear":
            let layer = try Linear(scope, 12, 10)
            return { try layer($0, mode: .train) }
        case "conv1d":
            let matrix = try scope.parameter("weight", [12, 10], .constant(0))
            let (weight, bias, adapter) = try scope.adapted(
                matrix, bias: scope.parameter("bias", [10], .constant(0)), isTransposed: true)
            return { input in
                let upright = try weight.transposed(0, 1)
                guard let adapter else { return try input.linear(upright, bias: bias) }
                return try adapter(input, weight: upright, bias: bias, mode: .train) { x, weight, bias throws(TorchError) in
                    try x.linear(weight, bias: bias)
                }
            }
        case "point":
            let layer = try Conv2d(scope, 4, 6, kernel: 1)
            return { try layer($0, mode: .train) }
        default:
            let layer = try Conv2d(scope, 4, 6, kernel: 3, stride: 2, padding: .zeros(1), bias: true)
            return { try layer($0, mode: .train) }
        }
    }

    /// The store of a model of one layer, whose own weights are the fixture's.
    private func store(_ name: String, merges: Bool = false) throws -> ParameterStore {
        let file = try Fixtures.tensors("adapters/layers.safetensors")
        let plan = AdapterPlan(
            Self.method(name), merges: merges,
            value: { path in try file.tensor(path.replacingOccurrences(of: "layer.", with: "\(name)/before/")).cloned() },
            side: { _ in name.hasSuffix("input") ? .input : .output })
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("base.safetensors")
        let own = ["weight", "bias"].filter { file.entries["\(name)/\($0)"] != nil }
        try SafetensorsWriter.write(own.map { ("layer.\($0)", try file.tensor("\(name)/\($0)")) }, to: url)
        return try ParameterStore(loading: SafetensorsFile(url), adapters: plan)
    }

    @Test(arguments: [
        "linear-lora", "linear-rslora", "linear-dora", "linear-ia3", "linear-ia3-input", "conv-lora", "conv-dora", "conv-ia3",
        "conv-ia3-input", "point-lora", "conv1d-lora", "conv1d-dora", "conv1d-ia3",
    ])
    func layersFollowPeft(_ name: String) throws {
        let file = try Fixtures.tensors("adapters/layers.safetensors")
        let store = try store(name)
        let forward = try layer(name, store)
        let (input, target) = (try file.tensor("\(name)/input"), try file.tensor("\(name)/target"))
        #expect(try maxDifference(withoutGradient { try forward(input) }, file.tensor("\(name)/output")) <= 1e-5)

        let adapters = store.entries.filter { $0.role == .adapter }
        let learnt = adapters.map { "\(name)/after/" + $0.path.dropFirst("layer.".count) }
        #expect(
            learnt.sorted()
                == file.entries.keys.filter { $0.hasPrefix("\(name)/after/") }.sorted())
        for entry in adapters { try entry.tensor.setRequiresGradient(true) }
        let trained = adapters.map { TrainedParameter(path: $0.path, tensor: $0.tensor) }
        let optimizer = try AdamW([ParameterGroup("all", trained, weightDecay: 0.01)])
        for _ in 0..<100 {
            try optimizer.clearGradients()
            try forward(input).squaredErrorPerElement(target).mean().backward()
            try optimizer.step(learningRate: 0.01)
        }
        for entry in adapters {
            let expected = try file.tensor("\(name)/after/" + entry.path.dropFirst("layer.".count))
            #expect(try maxDifference(entry.tensor.detached(), expected) <= 1e-5, "\(entry.path)")
        }
        #expect(try maxDifference(withoutGradient { try forward(input) }, file.tensor("\(name)/learnt")) <= 1e-5)
    }

    @Test(arguments: ["linear-rslora", "linear-dora", "linear-ia3-input", "conv-lora", "conv-dora", "conv-ia3", "conv1d-dora"])
    func whatIsFoldedInComputesTheSame(_ name: String) throws {
        let file = try Fixtures.tensors("adapters/layers.safetensors")
        let store = try store(name, merges: true)
        let forward = try layer(name, store)
        #expect(store.entries.map(\.path) == ["layer.weight", "layer.bias"])
        #expect(try maxDifference(forward(file.tensor("\(name)/input")), file.tensor("\(name)/output")) <= 1e-5)
    }

    @Test func adaptersBeginAsOnesThatChangeNothing() throws {
        for method in [AdapterMethod.lowRank(LowRank(rank: 2, isDecomposed: true)), .scaling] {
            let store = ParameterStore(adapters: AdapterPlan(method) { _ in .output })
            let layer = try Linear(Scope(store), 12, 10)
            let input = try Tensor.randomNormal([4, 12])
            #expect(try maxDifference(layer(input), input.linear(layer.weight, bias: layer.bias)) <= 1e-6)
        }
        let store = ParameterStore(adapters: AdapterPlan(.lowRank(LowRank(rank: 3))) { _ in .output })
        _ = try Conv2d(Scope(store), 4, 6, kernel: 3)
        // kaiming_uniform(a = √5) of fan-in 36.
        let down = try #require(store.entries.first { $0.path.hasSuffix("lora_A.weight") }).tensor
        #expect(down.shape == [3, 4, 3, 3])
        #expect(try down.array().allSatisfy { abs($0) <= 1 / 6 } && down.array().contains { abs($0) > 0.12 })
    }

    @Test func aDropoutActsInTrainingOnly() throws {
        let rank = LowRank(rank: 2, dropout: 0.5)
        let store = ParameterStore(
            adapters: AdapterPlan(.lowRank(rank), value: { path in try .ones(path.contains("_A") ? [2, 12] : [10, 2]) }) { _ in
                .output
            })
        let layer = try Linear(Scope(store), 12, 10)
        let input = try Tensor.ones([4, 12])
        #expect(try maxDifference(layer(input), layer(input)) == 0)
        #expect(try maxDifference(layer(input), layer(input, mode: .train)) > 0.1)
    }

    @Test func channelsInGroupsAreNotAdapted() throws {
        let plan = AdapterPlan(.lowRank(LowRank(rank: 2))) { _ in .output }
        let store = ParameterStore(adapters: plan)
        _ = try Conv2d(Scope(store) / "depthwise", 4, 4, kernel: 3, groups: 4)
        #expect(store.entries.count == 1 && plan.sites.count == 1 && plan.adapted.isEmpty)
    }
}
