internal import Foundation
internal import Torch

/// How many samples an encoder encodes a second on this machine: measured, once there are prepared samples.
public struct EncoderSpeed: Encodable, Sendable {
    /// Samples a second, the median over runs.
    public let perSecond: Double
    /// What a sample was.
    public let sample: String
    /// How many of them went through at once.
    public let batch: Int

    private enum CodingKeys: String, CodingKey {
        case sample, batch
        case perSecond = "per_second"
    }

    private static let pictures = 8
    private static let texts = 32
    private static let words = 32
    private static let seconds = 10
    private static let rounds = 5
    /// No further round is begun after so many seconds.
    private static let longest = 10.0

    /// The same of an architecture that is built in the size of its usual weights, with drawn ones, in its inference form.
    init(_ modality: Modality, drawn builder: EncoderBuilder) throws {
        let outline = try Generator.own(seed: 0) { try EncoderOutline(builder, isDrawn: true) }
        try self.init(modality, outline.encoder, outline.frontEnd)
    }

    /// Measures an encoder on pictures of noise, texts of 32 tokens, or a recording of 10 seconds, after a round that does not count.
    ///
    /// - Throws: `BraidError` where there is no sample of the modality; `TorchError` where libtorch fails.
    init(_ modality: Modality, _ encoder: any Encoder, _ frontEnd: any FrontEnd) throws {
        let prepared: [Tensor]
        switch modality {
        case .image:
            let (height, width) = try Self.sides(frontEnd)
            sample = "a picture of \(width)×\(height) pixels"
            prepared = try Generator.own(seed: 0) {
                try (0..<Self.pictures).map { _ in try Tensor.randomNormal([3, height, width]) }
            }
        case .text:
            let length = min(Self.words, (frontEnd as? TextFrontEnd)?.maxLength ?? Self.words)
            sample = "a text of \(length) tokens"
            prepared = try (0..<Self.texts).map { _ in
                try Tensor(Array(repeating: Int64(1), count: length), shape: [length])
            }
        case .audio:
            sample = "a recording of \(Self.seconds) seconds"
            prepared = [try frontEnd.prepare(.bytes(Self.tone()))]
        default:
            throw BraidError(.usage, "--measure has no samples of \(modality)")
        }
        batch = prepared.count
        let input = try frontEnd.collate(prepared)
        let clock = ContinuousClock()
        let start = clock.now
        var times: [Double] = []
        for round in 0...Self.rounds {
            let took = try clock.measure { _ = try withoutGradient { try encoder(input, mode: .evaluate).pooled.sum().item() } }
            if round > 0 { times.append(took / .seconds(1)) }
            if round > 0, (clock.now - start) / .seconds(1) > Self.longest { break }
        }
        perSecond = Double(prepared.count) / times.sorted()[times.count / 2]
    }

    private static func sides(_ frontEnd: any FrontEnd) throws -> (height: Int, width: Int) {
        guard let images = frontEnd as? ImageFrontEnd else { throw BraidError(.usage, "--measure: pictures of no known size") }
        if let crop = images.crop { return (crop.height, crop.width) }
        switch images.resize {
        case .exact(let height, let width), .cover(let height, let width), .contain(let height, let width): return (height, width)
        case .short(let side): return (side, side)
        case .none: return (224, 224)
        }
    }

    /// A mono WAV file of 16 bits at 16 kHz.
    private static func tone() -> Data {
        let rate = 16_000
        let samples = (0..<rate * seconds).map { Int16(8000 * sin(Double($0) * 440 * 2 * .pi / Double(rate))) }
        func little(_ value: some FixedWidthInteger) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
        let format = little(UInt16(1)) + little(UInt16(1)) + little(UInt32(rate)) + little(UInt32(2 * rate))
        let body = samples.withUnsafeBytes { Data($0) }
        let chunks =
            Data("WAVEfmt ".utf8) + little(UInt32(16)) + format + little(UInt16(2)) + little(UInt16(16)) + Data("data".utf8)
            + little(UInt32(body.count)) + body
        return Data("RIFF".utf8) + little(UInt32(chunks.count)) + chunks
    }

    /// For people: `42.1 a second, each a text of 32 tokens, 32 at once`.
    var summary: String { "\(text) a second, each \(sample), \(batch) at once" }

    /// The figure alone: `42.1`.
    var text: String { perSecond < 100 ? String(format: "%.1f", perSecond) : String(format: "%.0f", perSecond) }
}
