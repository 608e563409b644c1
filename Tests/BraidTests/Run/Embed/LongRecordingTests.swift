import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// A recording that is encoded while it is read gives what the whole gives.
@Suite struct LongRecordingTests {
    @Test(arguments: [
        SpectrogramSettings.Windows(frames: 96, hop: 96, dropsLast: true), .init(frames: 96, hop: 48, dropsLast: true),
        .init(frames: 100, hop: 100, dropsLast: false), .init(frames: 100, hop: 37, dropsLast: false),
    ]) func aStreamHasTheWindowsOfTheWhole(_ windows: SpectrogramSettings.Windows) throws {
        for count in [100, 101, 200, 737, 1000] {
            let whole = try Tensor((0..<2 * count).map(Float.init), shape: [count, 2])
            var stream = WindowStream(windows)
            var found: [Tensor] = []
            for start in stride(from: 0, to: count, by: 70) {
                found += try stream.take([whole.slice(0, start..<min(start + 70, count))])
            }
            found += try stream.finish()
            let starts = windows.starts(count)
            #expect(found.count == starts.count)
            for (window, start) in zip(found, starts) {
                #expect(try maxDifference(window, whole.slice(0, start..<start + windows.frames)) == 0)
            }
        }
    }

    @Test(arguments: [nil, 4] as [Int?]) func windowsAreEncodedAsTheyCome(_ tokens: Int?) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("long.wav")
        let encoder = try ModalityEncoder(
            .audio, .init(encoder: nil, weights: Fixtures.url("cnn10").path, train: .none), relativeTo: Fixtures.root)
        // Ten steps of pitch, so that windows differ, and the last one overlaps.
        let tones = (0..<10).map { TestMedia.tone(hertz: 200 + 150 * Double($0), seed: $0, seconds: 31.3) }
        let header = TestMedia.tone(hertz: 1, seed: 0, seconds: 313).prefix(44)
        try (header + tones.map { $0.dropFirst(44) }.reduce(Data(), +)).write(to: file)
        let frontEnd = try #require(encoder.frontEnd as? any WindowedFrontEnd)
        var windows = 0
        #expect(try frontEnd.prepare(.file(file)) { windows += $0.count } == nil)
        #expect(windows == 6)

        var parts: [EmbeddingPart] = []
        let sample = Sample(id: "1", audio: .file(file))
        try EncodingPipeline(encoder: encoder, tokens: tokens, shard: nil).run([sample], [0]) { window, _ in parts += window.parts }
        let whole = try withoutGradient {
            try EmbeddingPart(encoder.encode([encoder.frontEnd.prepare(.file(file))]), places: [0], tokens: tokens)
        }
        let part = try #require(parts.first)
        #expect(try maxDifference(part.pooled, whole.pooled) < 1e-4)
        guard let expected = whole.tokens else { return }
        #expect(try maxDifference(#require(part.tokens), expected) < 1e-4)
    }
}
