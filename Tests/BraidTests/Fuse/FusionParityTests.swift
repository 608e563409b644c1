import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Outputs and gradients against PyTorch: scripts/references/fusions.py.
@Suite struct FusionParityTests {
    private struct Cases: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable, CustomTestStringConvertible, Sendable {
        let name: String
        let type: String
        let modalities: [String]
        let dim, layers, heads, rank, bottlenecks: Int

        var testDescription: String { name }
    }

    static let cases: [Case] = (try? Fixtures.json("fusions.json") as Cases)?.cases ?? []

    @Test func everyFusionIsThere() {
        #expect(Set(Self.cases.map(\.type)) == Set(FusionKind.fusions.filter { !$0.isFitted }.map(\.name)))
    }

    @Test(arguments: cases) func outputsAndGradientsArePyTorchs(_ expected: Case) throws {
        let file = try Fixtures.tensors("fusions.safetensors")
        let kind = try FusionKind.registry.find(expected.type)
        let (store, entries) = try seeded(expected.name)
        let sizes: [String: Int] = [
            "dim": expected.dim, "layers": expected.layers, "heads": expected.heads, "rank": expected.rank,
            "bottlenecks": expected.bottlenecks, "dropout": 0,
        ]
        let settings = try FusionSettings.of(kind, sizes.mapValues(String.init))
        let input = try input(expected, file, takesTokens: kind.takesTokens)
        let modalities = zip(expected.modalities, input.parts).map { FusedModality($0, dimension: $1.pooled.shape[1]) }
        let fusion = try settings.make(Scope(store), modalities, []) { try .three($0, $1) }
        for entry in store.parameters { try entry.tensor.setRequiresGradient(true) }
        let fused = try fusion(input, mode: .evaluate)
        let scalar =
            try fused.logits == nil
            ? (fused.embedding * file.tensor("probe")).sum() : loss(fused, input.presence, file.tensor("late.targets"))
        try store.report.check()
        #expect(entries == store.entries.count)
        try #expect(maxDifference(fused.embedding, file.tensor("\(expected.name).fused")) <= 1e-5)
        try scalar.backward()
        for entry in store.parameters {
            let gradient = try #require(try entry.tensor.gradient(), "\(entry.path)")
            try #expect(maxDifference(gradient, file.tensor("\(expected.name).gradient.\(entry.path)")) <= 1e-4, "\(entry.path)")
        }
        for (name, part) in zip(expected.modalities, input.parts) {
            let gradient = try (kind.takesTokens ? part.tokens : part.pooled)?.gradient()
            try #expect(maxDifference(#require(gradient), file.tensor("\(expected.name).gradient.input.\(name)")) <= 1e-4)
        }
    }

    /// The objective's own formula, of one head.
    private func loss(_ output: Fused, _ presence: Tensor, _ targets: Tensor) throws -> Tensor {
        let rows = targets.shape[0]
        let samples = try targets.array(of: Int64.self).map { Sample(id: "\($0)", label: "\($0)") }
        let target = Target(scale: .init(classes: ["0", "1", "2"]))
        let loss = try HeadLoss(target, samples, source: "m.csv", device: .cpu)
        let order = try Tensor.range(rows)
        return try output.unimodal.enumerated().reduce(loss(output.embedding, order)) { sum, alone in
            try sum + loss(alone.element[0], order, counted: presence.select(1, alone.offset).converted(to: .float32))
        }
    }

    private func input(_ expected: Case, _ file: SafetensorsFile, takesTokens: Bool) throws -> FusionInput {
        let prefix = expected.modalities.count == 1 ? "input1" : "input"
        let parts = try expected.modalities.map { name in
            let (pooled, tokens) = try (
                file.tensor("\(prefix).\(name).pooled").cloned(), file.tensor("\(prefix).\(name).tokens").cloned()
            )
            try (takesTokens ? tokens : pooled).setRequiresGradient(true)
            let mask = try file.tensor("input.\(name).mask").converted(to: .bool)
            return FusionInput.Part(pooled: pooled, tokens: tokens, tokenMask: mask)
        }
        let presence = try file.tensor("presence-\(expected.modalities.count)").converted(to: .bool)
        return FusionInput(parts, presence: presence)
    }

    /// The weights that follow from their names, and how many there are.
    private func seeded(_ name: String) throws -> (ParameterStore, Int) {
        let root = try JSONSerialization.jsonObject(with: Data(contentsOf: Fixtures.url("fusions.json"))) as? [String: Any]
        let all = root?["cases"] as? [[String: Any]] ?? []
        let entries = SeededArchitecture.entries(all.first { $0["name"] as? String == name }?["entries"])
        let url = try TemporaryFolder().url.deletingLastPathComponent().appendingPathComponent(
            "fusion-\(name)-\(getpid()).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try SeededArchitecture.write(entries, to: url)
        return (try ParameterStore(loading: SafetensorsFile(url)), entries.count)
    }
}
