import Braid
import Foundation
import Torch

/// A modality whose embeddings are drawn from a row's number: as many rows as wanted, and nothing to decode.
enum Seeded {
    /// Values an embedding.
    nonisolated(unsafe) static var dimension = 1024
    nonisolated(unsafe) static var classes = 10

    struct FrontEnd: Braid.FrontEnd {
        var summary: String { "\(Seeded.dimension) drawn values" }

        /// Noise, and a little of the class in each value.
        func prepare(_ medium: Medium) throws -> Tensor {
            let number = Int(try medium.text()) ?? 0
            var random = SystemSource(state: UInt64(number) &* 0x9E37_79B9 &+ 1)
            let values = (0..<Seeded.dimension).map { index in
                let signal: Float = (index &* 7 &+ number % Seeded.classes &* 13) % 11 < 3 ? 0.15 : 0
                return Float.random(in: -1..<1, using: &random) + signal
            }
            return try Tensor(values, shape: [values.count])
        }

        func collate(_ prepared: [Tensor]) throws -> EncoderInput { EncoderInput(values: try .stack(prepared)) }
    }

    /// Gives what the front end drew.
    struct Encoder: Braid.Encoder {
        var dimension: Int { Seeded.dimension }
        let blocks: [[String]] = []
        func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
            Encoding(pooled: input.values, tokens: try input.values.unsqueezed(1))
        }
    }

    /// xorshift64*: quick, and good enough for noise.
    struct SystemSource: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 2_685_821_657_736_338_717
        }
    }

    static func register() throws {
        let modality = try ModalityKind.register(
            ModalityKind(
                name: "seeded", sources: ["number"], batching: .init(window: 4096, positions: 4096, hasLength: false),
                read: { $0.cell("number").map(Medium.inline) }, check: { _ in }))
        try EncoderRegistry.register(
            EncoderBuilder(modality: modality, name: "seeded", paper: "benchmarks/fitting.py") { _ in (Encoder(), FrontEnd()) })
    }
}

/// Fits a stacked fusion on so many rows, and prints what it took beside embedding.
func timeFitting(rows: Int, dimension: Int, classes: Int) throws {
    (Seeded.dimension, Seeded.classes) = (dimension, classes)
    try Seeded.register()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("braid-fitting-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Train, and a hundredth as many each for val and test.
    let other = max(20, rows / 100)
    let lines = (0..<rows + 2 * other).map { index in
        "\(index),\(index < rows ? "train" : index < rows + other ? "val" : "test"),c\(index % classes)"
    }
    try Data(("number,split,label\n" + lines.joined(separator: "\n") + "\n").utf8).write(
        to: folder.appendingPathComponent("manifest.csv"))
    let configuration = try Configuration.parse(
        """
        embedding_cache: false
        modalities: {seeded: {encoder: seeded, weights: random}}
        fusion: {type: stacked}
        training: {refit: false}
        """, folder: folder)
    let outcome = try Training(configuration, into: RunFolder(folder.appendingPathComponent("run")))()
    struct Figures: Encodable {
        let seconds: Double
        let accuracy: Double?
        let peak: Int
    }
    try emit(
        Figures(
            seconds: outcome.history[0].seconds, accuracy: outcome.test?.allScores()["accuracy"], peak: peakMemory()))
}
