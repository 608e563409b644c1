import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// `training.precision: bf16`: products in half precision, everything that is kept in single.
@Suite struct MixedPrecisionTests {
    /// As torch.autocast has it: a product is bfloat16, a gradient of its float32 weight is float32, and afterwards all is as before.
    @Test func productsAreInLowerPrecision() throws {
        let input = try Tensor.randomNormal([4, 8])
        let weight = try Tensor.randomNormal([3, 8])
        try weight.setRequiresGradient(true)
        let product = try inLowerPrecision(.bfloat16, on: .cpu) { try input.linear(weight, bias: nil) }
        #expect(product.dtype == .bfloat16)
        let rounded = try input.converted(to: .bfloat16).linear(weight.detached().converted(to: .bfloat16), bias: nil)
        #expect(try maxDifference(product.detached().converted(to: .float32), rounded.converted(to: .float32)) == 0)
        try product.converted(to: .float32).sum([0, 1]).backward()
        #expect(try weight.gradient()?.dtype == .float32)
        #expect(try input.linear(weight, bias: nil).dtype == .float32)
        // A copy of a weight that was kept would be stale after a step.
        try withoutGradient { try weight.copyInPlace(from: Tensor.zeros([3, 8])) }
        let later = try inLowerPrecision(.bfloat16, on: .cpu) { try input.linear(weight, bias: nil) }
        #expect(try later.converted(to: .float32).absolute().sum([0, 1]).item() == 0)
    }

    @Test func anErrorEndsItToo() throws {
        struct Stopped: Error {}
        #expect(throws: Stopped.self) { try inLowerPrecision(.bfloat16, on: .cpu) { throw Stopped() } }
        #expect(try Tensor.ones([2, 2]).linear(Tensor.ones([2, 2]), bias: nil).dtype == .float32)
    }

    private static let overrides = ["modalities.image.train=all", "modalities.audio.train=last:2", "training.precision=bf16"]

    @Test(.enabled(if: Torch.Precision.bf16.isSupported)) func trainingIsNearby() throws {
        let small = try SmallRun()
        try small.makeData()
        let exact = try small.losses("exact", Array(Self.overrides.dropLast()))
        let mixed = try small.losses("mixed", Self.overrides)
        #expect(exact != mixed)
        #expect(zip(exact, mixed).allSatisfy { abs($0 - $1) <= 0.05 }, "\(exact) \(mixed)")
        let file = try SafetensorsFile(small.folder.url.appendingPathComponent("mixed/checkpoints/last/weights.safetensors"))
        #expect(file.entries.values.allSatisfy { $0.dtype == .float32 })
    }

    @Test(.enabled(if: !Torch.Precision.bf16.isSupported)) func itIsRefusedWhereItWouldBeEmulated() throws {
        let small = try SmallRun()
        try small.makeData()
        let error = #expect(throws: BraidError.self) { try small.train("run", Self.overrides) }
        #expect(error?.description.contains("AVX512-BF16") == true)
    }
}
