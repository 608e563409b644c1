import TestSupport
import Testing
import Torch

@testable import Braid

@Suite struct FusionTests {
    private func fusion() throws -> ConcatFusion {
        try Generator.seed(1)
        return try ConcatFusion(
            Scope(ParameterStore()), modalities: [("image", 6), ("text", 4), ("audio", 3)], dimension: 8, dropout: 0)
    }

    private func mask(_ rows: [[UInt8]]) throws -> Tensor {
        try Tensor(rows.flatMap { $0 }, shape: [rows.count, 3]).converted(to: .bool)
    }

    @Test func whatStandsInAMissingRowLeavesNoTrace() throws {
        let fusion = try fusion()
        let (text, audio) = (try Tensor.randomNormal([1, 4]), try Tensor.randomNormal([1, 3]))
        let presence = try mask([[0, 1, 1]])
        let outputs = try [0, 17, Double.nan, .infinity].map { garbage in
            try fusion(FusionInput(pooled: [.full([1, 6], garbage), text, audio], presence: presence), mode: .evaluate)
        }
        for output in outputs.dropFirst() { try #expect(maxDifference(output, outputs[0]) == 0) }
    }

    @Test func garbageLeavesNoTraceInGradientsEither() throws {
        let store = ParameterStore()
        let fusion = try ConcatFusion(Scope(store), modalities: [("image", 2), ("text", 2)], dimension: 4, dropout: 0)
        for entry in store.parameters { try entry.tensor.setRequiresGradient(true) }
        let presence = try Tensor([UInt8(0), 1], shape: [1, 2]).converted(to: .bool)
        let input = FusionInput(pooled: [try .full([1, 2], .nan), try .ones([1, 2])], presence: presence)
        try fusion(input, mode: .train).sum().backward()
        for entry in store.parameters {
            let gradient: [Float] = try entry.tensor.gradient()?.array() ?? []
            #expect(!gradient.contains { !$0.isFinite }, "\(entry.path)")
        }
    }

    @Test func everyModalityAndItsAbsenceMatters() throws {
        let fusion = try fusion()
        let pooled = [try Tensor.randomNormal([1, 6]), try Tensor.randomNormal([1, 4]), try Tensor.randomNormal([1, 3])]
        let full = try fusion(FusionInput(pooled: pooled, presence: mask([[1, 1, 1]])), mode: .evaluate)
        for index in 0..<3 {
            var flags: [UInt8] = [1, 1, 1]
            flags[index] = 0
            try #expect(maxDifference(full, fusion(FusionInput(pooled: pooled, presence: mask([flags])), mode: .evaluate)) > 1e-4)
            var changed = pooled
            changed[index] = try pooled[index].power(3).adding(0.3)
            try #expect(
                maxDifference(full, fusion(FusionInput(pooled: changed, presence: mask([[1, 1, 1]])), mode: .evaluate)) > 1e-5)
        }
    }

    @Test func samplesOfABatchDoNotMeet() throws {
        let fusion = try fusion()
        let pooled = [try Tensor.randomNormal([3, 6]), try Tensor.randomNormal([3, 4]), try Tensor.randomNormal([3, 3])]
        let rows: [[UInt8]] = [[1, 1, 1], [0, 1, 0], [1, 0, 1]]
        let together = try fusion(FusionInput(pooled: pooled, presence: mask(rows)), mode: .evaluate)
        for row in 0..<3 {
            let alone = try fusion(
                FusionInput(pooled: pooled.map { try $0.slice(0, row..<row + 1) }, presence: mask([rows[row]])), mode: .evaluate)
            try #expect(maxDifference(together.slice(0, row..<row + 1), alone) <= 1e-6)
        }
    }
}
