import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

@Suite struct EncodingPipelineTests {
    @Test func littleIsPadding() throws {
        let encoder = try ModalityEncoder(
            .audio, .init(encoder: nil, weights: Fixtures.url("cnn10").path, train: .none), relativeTo: Fixtures.root)
        var random = RandomSource(seed: 7)
        // One to ten seconds.
        let lengths = (0..<encoder.windowSize).map { _ in Int.random(in: 100..<1000, using: &random) }
        let prepared = try lengths.map { try Tensor.zeros([$0, 64]) }
        let batches = encoder.batches(prepared)
        #expect(batches.flatMap { $0 }.sorted() == Array(lengths.indices))
        let padded = batches.reduce(0) { sum, batch in sum + batch.count * (batch.map { lengths[$0] }.max() ?? 0) }
        let real = lengths.reduce(0, +)
        #expect(Double(padded - real) / Double(padded) < 0.05)
        #expect(batches.allSatisfy { batch in batch.count * (batch.map { lengths[$0] }.max() ?? 0) <= 4096 || batch.count == 1 })
    }

    /// The Audio Spectrogram Transformer computes 1,024 frames of a clip of one second, too.
    @Test func whatIsFilledUpCountsAsWhatIsComputed() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            {"model_type": "audio-spectrogram-transformer", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 32}
            """, as: "tiny/config.json")
        let encoder = try ModalityEncoder(
            .audio, .init(encoder: "tiny", weights: "random", train: .none), relativeTo: folder.url)
        let batches = try encoder.batches((0..<9).map { try Tensor.zeros([50 + $0, 128]) })
        #expect(batches.map(\.count) == [4, 4, 1])
    }

    /// Frozen, BERT and its relatives compute no padding at all: real tokens fill a batch.
    @Test func textsFillTheirBatches() throws {
        let encoder = try ModalityEncoder(
            .text, .init(encoder: nil, weights: Fixtures.minilm.path, train: .none), relativeTo: Fixtures.root)
        let lengths = (0..<200).map { 3 + $0 * 37 % 90 }
        let batches = try encoder.batches(lengths.map { try Tensor.zeros([$0], dtype: .int64) })
        let sums = batches.map { $0.reduce(0) { $0 + lengths[$1] } }
        #expect(sums.allSatisfy { $0 <= 1024 } && sums.dropLast().allSatisfy { $0 > 900 || batches.contains { $0.count == 64 } })
    }

    @Test func everySampleIsInOneWindow() {
        for count in [0, 1, 2, 31, 500, 100_000] {
            for cores in [1, 2, 64] {
                let windows = EncodingPipeline.windows(count, largest: 512, cores)
                #expect(windows.flatMap { Array($0) } == Array(0..<count))
                #expect(windows.allSatisfy { $0.count <= 512 })
            }
        }
    }

    @Test func resultsComeUnderTheirPlacesWhateverTheBatch() throws {
        let encoder = try ModalityEncoder(
            .text, .init(encoder: nil, weights: Fixtures.minilm.path, train: .none), relativeTo: Fixtures.root)
        let texts = (0..<150).map { "word " + String(repeating: "and more ", count: $0 * 7 % 23) + "\($0)" }
        let samples = texts.enumerated().map { Sample(id: "\($0.offset)", text: .inline($0.element)) }
        var collector = try EmbeddingCollector(encoder.encoder, count: 150, tokens: nil)
        let places = Array(stride(from: 0, to: 150, by: 2))
        try EncodingPipeline(encoder: encoder, tokens: nil, shard: nil).run(samples, places) { window, _ in
            for part in window.parts { _ = try collector.add(part) }
        }
        let rows = try collector.rows(Array(0..<150))
        for place in [0, 2, 74, 148] {
            let alone = try withoutGradient { try encoder.encode([encoder.frontEnd.prepare(.inline(texts[place]))]).pooled }
            #expect(try maxDifference(rows.pooled().slice(0, place..<place + 1), alone) <= 1e-5)
        }
        #expect(!rows.presence[1] && rows.presence[2])
        #expect(try rows.pooled().select(0, 1).absolute().sum().item() == 0)
    }

    @Test func theFirstErrorEndsTheWorkAndWorkersWithIt() throws {
        struct Stop: Error {}
        let queue = WindowQueue(count: 1000, room: 2)
        let done = Slot()
        for _ in 0..<3 {
            Thread.detachNewThread {
                while queue.take() != nil { queue.put(EncodingPipeline.Window(), 1) }
                done.add()
                queue.leave()
            }
        }
        var taken = 0
        #expect(throws: Stop.self) {
            try queue.receive(from: 3) { _, _ in
                taken += 1
                if taken == 5 { throw Stop() }
            }
        }
        #expect(taken == 5 && done.value == 3)
    }

    private final class Slot: @unchecked Sendable {
        private let lock = NSLock()
        private(set) var value = 0
        func add() { lock.withLock { value += 1 } }
    }
}
