/// Reads a recording, or a stretch of it, piece by piece, averaged over its channels, at the file's own rate.
final class RecordingReader {
    /// The sample rate in hertz.
    let rate: Int
    private let source: any SoundSource
    private let audio: Medium
    /// The frames to read at most, and whether that is where the stretch ends.
    private let limit: Int
    private let start: Int
    private var taken = 0
    private var isDone = false
    private var interleaved: [Float]

    private static let piece = 16_384
    /// Six hours of mono at 48 kHz as a rule: more than that in one sample is a mistake, or an attack.
    static var maxFrames: Int { Limit.audioSamples.value }
    /// Samples stand for -1 ... 1 as a rule, for whole numbers of 32 bits at the most.
    private static let fullScale: Float = 2_147_483_648

    /// - Throws: `DecodeError` where the recording cannot be read, or ends before the stretch begins.
    init(_ audio: Medium) throws {
        let source = try SoundSources.open(audio)
        let rate = source.rate
        guard (100...1_000_000).contains(rate), (1...64).contains(source.channels) else {
            let reason = "has \(source.channels) channels at \(rate) Hz; expected 1 to 64 channels at 100 to 1,000,000 Hz"
            throw DecodeError(path: audio.name, reason: reason)
        }
        let start = Self.frame(at: audio.start ?? 0, rate)
        if start > 0 && !source.seek(to: start) {
            throw DecodeError(path: audio.name, reason: "ends before audio_start (\(audio.start ?? 0) s)")
        }
        (self.audio, self.source, self.rate, self.start) = (audio, source, rate, start)
        limit = audio.end.map { max(0, Self.frame(at: $0, rate) - start) } ?? .max
        interleaved = [Float](repeating: 0, count: Self.piece * source.channels)
    }

    /// The next samples; none where the stretch, or the recording, has ended as it should.
    ///
    /// - Throws: `DecodeError` where the recording is damaged, ends too early, is empty, or is too long.
    func next() throws -> [Float] {
        guard !isDone else { return [] }
        let wanted = min(Self.piece, limit - taken)
        let frames = wanted > 0 ? try read(wanted) : 0
        guard frames > 0 else {
            try checkEnd()
            isDone = true
            return []
        }
        taken += frames
        guard taken < Self.maxFrames / source.channels else {
            throw fault(Limit.audioSamples.fault("is longer than \(Self.maxFrames / source.channels) frames").message)
        }
        return try mono(frames)
    }

    /// Reads a recording to its end, and keeps nothing of it.
    ///
    /// - Throws: `DecodeError` where it cannot be used.
    static func check(_ audio: Medium) throws {
        let reader = try RecordingReader(audio)
        while try !reader.next().isEmpty {}
    }

    /// Decodes a recording piece by piece, at `rate` hertz.
    ///
    /// - Throws: `DecodeError` where it cannot be used; what `take` throws.
    static func read(_ audio: Medium, at rate: Int, _ take: ([Float]) throws -> Void) throws {
        let reader = try RecordingReader(audio)
        let resampler = reader.rate == rate ? nil : try Resampler(from: reader.rate, to: rate)
        while case let piece = try reader.next(), !piece.isEmpty { try take(resampler?.process(piece) ?? piece) }
        try take(resampler?.finish() ?? [])
    }

    private func read(_ wanted: Int) throws -> Int {
        try interleaved.withUnsafeMutableBufferPointer { buffer in
            try buffer.baseAddress.map { try source.read($0, wanted) } ?? 0
        }
    }

    private func mono(_ frames: Int) throws -> [Float] {
        let channels = source.channels
        let samples =
            channels == 1
            ? Array(interleaved[..<frames])
            : (0..<frames).map { interleaved[$0 * channels..<($0 + 1) * channels].reduce(0, +) / Float(channels) }
        for sample in samples where !(abs(sample) <= Self.fullScale) {
            guard sample.isFinite else { throw fault("holds samples that are not numbers") }
            throw fault("holds a sample of \(sample), beyond any full scale; expected -1 to 1")
        }
        return samples
    }

    /// What there was, against what the file says it has and what was asked for.
    private func checkEnd() throws {
        guard taken > 0 else { throw fault("holds no audio: it has no frames") }
        if let declared = source.declared, taken < limit, start + taken + declared.tolerance < declared.frames {
            throw fault(
                "is cut short or damaged: it says it has \(declared.frames) frames, and \(start + taken) of them can be read")
        }
        if let end = audio.end, taken + rate / 100 < limit {
            throw fault("ends \(Double(limit - taken) / Double(rate)) s before audio_end (\(end) s)")
        }
    }

    private func fault(_ reason: String) -> DecodeError { DecodeError(path: audio.name, reason: reason) }

    /// The frame at a time in seconds; times beyond any recording give the last frame there can be.
    private static func frame(at seconds: Double, _ rate: Int) -> Int {
        Int(min(max(0, seconds * Double(rate)), Double(maxFrames)))
    }
}
