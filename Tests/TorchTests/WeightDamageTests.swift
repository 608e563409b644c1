import Foundation
import TestSupport
import Testing
import Torch

/// Weights that no model computes with: each is named.
@Suite struct WeightDamageTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func load(_ weight: Tensor, variance: Tensor) throws -> ParameterStore {
        let url = folder.url.appendingPathComponent("m.safetensors")
        try SafetensorsWriter.write([("a.weight", weight), ("b.running_var", variance)], to: url)
        let store = try ParameterStore(loading: SafetensorsFile(url))
        _ = try (Scope(store) / "a").parameter("weight", weight.shape, .constant(0))
        _ = try (Scope(store) / "b").buffer("running_var", variance.shape, .constant(1))
        return store
    }

    private static let plain: [Float] = [1, -2, 3, 0.5]

    @Test(arguments: [DType.float32, .float16, .bfloat16, .float64])
    func namesWhatIsNotFinite(_ dtype: DType) throws {
        let good = try Tensor.ones([4])
        try load(Tensor(Self.plain, shape: [4]).converted(to: dtype), variance: good).report.check()
        for (place, value) in [(0, Float.nan), (3, .infinity), (1, -.infinity)] {
            var values = Self.plain
            values[place] = value
            let store = try load(Tensor(values, shape: [2, 2]).converted(to: dtype), variance: good)
            #expect(store.report.damaged == ["a.weight holds NaN or infinity"])
            let error = #expect(throws: LoadError.self) { try store.report.check() }
            let message = try #require(error?.description)
            #expect(message.contains("m.safetensors: the weights are damaged: 2 applied"), "\(message)")
            #expect(message.contains("  damaged: a.weight holds NaN or infinity"), "\(message)")
        }
    }

    /// Their sum is beyond what a float holds, and they are not.
    @Test func takesLargeValues() throws {
        let large = try Tensor([Float](repeating: 3e38, count: 8), shape: [8])
        try load(large, variance: .ones([1])).report.check()
    }

    @Test func namesVariancesBelowZero() throws {
        let store = try load(.ones([2]), variance: Tensor([Float(1), -0.25], shape: [2]))
        #expect(store.report.damaged == ["b.running_var is a variance, and holds -0.25"])
        // Elsewhere a value may be below 0.
        try load(Tensor([Float(-1)], shape: [1]), variance: .zeros([2])).report.check()
    }

    @Test func namesWholeNumbers() throws {
        let store = try load(Tensor([Int32(1), 2], shape: [2]), variance: .ones([1]))
        #expect(store.report.damaged == ["a.weight holds whole numbers (int32), expected floating-point ones"])
        #expect(throws: LoadError.self) { try store.report.check() }
    }

    /// The check reads the file, and what it read does not stay in memory, nor is what was trained lost by a second reading.
    @Test func valuesStayAsTheyAre() throws {
        let values = (0..<40_000).map { Float($0) }
        let store = try load(Tensor(values, shape: [200, 200]), variance: .ones([1]))
        #expect(try store.entries[0].tensor.array() == values)
    }
}

/// Networks that ask for more than there may be.
@Suite struct NetworkSizeTests {
    @Test func drawsNoMoreThanTheLimit() throws {
        for store in [ParameterStore(), .outline()] {
            let error = #expect(throws: (any Error).self) { try Scope(store).parameter("w", [65_536, 65_536], .constant(0)) }
            let message = "w, 65536 × 65536, makes it more than 1000000000 values of new weights; the limit parameters is"
            #expect("\(error.map { "\($0)" } ?? "")".hasPrefix(message))
            #expect(store.refusal != nil)
        }
        #expect(throws: (any Error).self) { try Scope(ParameterStore()).parameter("w", [Int.max, 4], .constant(0)) }
    }

    /// A configuration of a million layers over a file of one: the report ends where no part of a model is as large.
    @Test func stopsWhereTheFileHoldsNoMore() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("m.safetensors")
        try SafetensorsWriter.write([("a", .ones([1]))], to: url)
        let store = try ParameterStore(loading: SafetensorsFile(url))
        var count = 0
        #expect(throws: LoadError.self) {
            while count < 1_000_000 {
                _ = try Scope(store).parameter("p\(count)", [8], .constant(0))
                count += 1
            }
        }
        #expect(count < 10_100)
    }
}

@Suite struct RowChecksumTests {
    @Test func noticesAnyBitAndAnyTwo() throws {
        let values = (0..<24).map { Float($0) / 7 }
        let sums = try RowChecksum.of([Tensor(values, shape: [2, 12])])
        #expect(sums.count == 2 && sums[0] != sums[1])
        for first in 0..<(12 * 32) {
            // One bit, and another some way behind it.
            for second in [nil, (first + 1) % 384, (first + 37) % 384, (first + 32) % 384] {
                var changed = values.map(\.bitPattern)
                changed[first / 32] ^= 1 << UInt32(first % 32)
                if let second { changed[second / 32] ^= 1 << UInt32(second % 32) }
                let found = try RowChecksum.of([Tensor(changed.map { Float(bitPattern: $0) }, shape: [2, 12])])
                #expect(found[0] != sums[0] && found[1] == sums[1])
            }
        }
    }

    @Test(arguments: [DType.float16, .bfloat16, .float64, .int64, .uint8, .bool]) func knowsEveryType(_ dtype: DType) throws {
        let plain = try Tensor([Float(1), 0, 1, 1], shape: [1, 2, 2]).converted(to: dtype)
        let other = try Tensor([Float(1), 1, 1, 0], shape: [1, 2, 2]).converted(to: dtype)
        #expect(try RowChecksum.of([plain]) != RowChecksum.of([other]))
        #expect(try RowChecksum.of([plain, other]) != RowChecksum.of([other, plain]))
    }
}
