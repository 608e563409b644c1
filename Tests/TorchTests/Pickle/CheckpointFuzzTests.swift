import Foundation
import TestSupport
import Testing

@testable import Torch

/// Damaged copies of every fixture. That reading them returns at all is the test: a trap or a hang would fail the run.
@Suite struct CheckpointFuzzTests {
    private static let files: [String] = {
        let folder = Fixtures.url("checkpoints").path
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".pth") || $0.hasSuffix(".pt") || $0.hasSuffix(".bin") }.sorted()
    }()

    @Test func thereAreFixtures() { #expect(Self.files.count > 25) }

    @Test(arguments: files) func refusesEveryTruncation(_ name: String) throws {
        let data = [UInt8](try Data(contentsOf: Fixtures.url("checkpoints/\(name)")))
        for length in 0..<data.count {
            #expect(refusal(Array(data.prefix(length))) != nil, "cut to \(length) bytes")
        }
    }

    @Test(arguments: files) func survivesFlippedBytes(_ name: String) throws {
        let data = [UInt8](try Data(contentsOf: Fixtures.url("checkpoints/\(name)")))
        var random = SplitMix(state: 5)
        let start = ContinuousClock.now
        for _ in 0..<300 {
            var damaged = data
            for _ in 0...random.next() % 4 {
                damaged[Int(random.next() % UInt64(data.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            check(damaged)
        }
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    /// Whatever is accepted lies within the file.
    private func check(_ file: [UInt8]) {
        file.withUnsafeBytes { bytes in
            guard let contents = try? PickledContents(bytes, source: nil) else { return }
            for (name, entry) in contents.entries {
                let inside = entry.range.lowerBound >= 0 && entry.range.upperBound <= bytes.count
                let whole = !entry.isContiguous || entry.range.count == entry.shape.reduce(entry.dtype.size, *)
                #expect(inside && whole, "\(name): \(entry)")
            }
        }
    }
}

/// Steele et al. 2014: a generator that gives the same numbers in every run.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
