internal import CSndFile
internal import Foundation

/// A mono recording.
public struct AudioClip: Sendable, Equatable {
    /// The samples, in -1 ... 1 as a rule; floating-point files may go beyond.
    public let samples: [Float]
    /// The sample rate in hertz.
    public let rate: Int

    /// Makes one from its parts.
    public init(samples: [Float], rate: Int) {
        self.samples = samples
        self.rate = rate
    }

    /// The clip at `target` hertz, resampled by libsoxr at its high quality; itself where the rate is right already.
    ///
    /// - Throws: `DecodeError` where libsoxr refuses the rates.
    public func resampled(to target: Int) throws -> AudioClip {
        guard target != rate else { return self }
        let capacity = Int((Double(samples.count) * Double(target) / Double(rate)).rounded(.up)) + 1
        var error: soxr_error_t?
        var written = 0
        var quality = soxr_quality_spec(UInt(SOXR_HQ), 0)
        let output = [Float](unsafeUninitializedCapacity: capacity) { buffer, count in
            error = soxr_oneshot(
                Double(rate), Double(target), 1, samples, samples.count, nil, buffer.baseAddress, capacity, &written, nil,
                &quality, nil)
            count = error == nil ? written : 0
        }
        if let error { throw DecodeError(path: "resampling \(rate) Hz to \(target) Hz", reason: String(cString: error)) }
        return AudioClip(samples: output, rate: target)
    }
}

/// Reads whatever libsndfile reads: WAV, FLAC, OGG Vorbis and Opus, MP3 and more, at any rate, of any number of channels.
public enum AudioDecoder {
    /// Six hours of mono at 48 kHz: more than that in one sample is a mistake, or an attack.
    static let maxFrames = 1 << 30

    /// Reads a stretch of a recording, or all of it, averaged over its channels, at the file's own rate.
    ///
    /// - Throws: `DecodeError` where the file cannot be read, is damaged, is empty or too long, or ends before the stretch does.
    public static func decode(_ audio: Medium) throws -> AudioClip {
        if let url = audio.url { try MediaFile.check(url) }
        let path = audio.name
        var info = SF_INFO()
        let memory = audio.url == nil ? MemoryFile(try audio.data()) : nil
        defer { withExtendedLifetime(memory) {} }
        guard let file = memory?.open(&info) ?? audio.url.flatMap({ sf_open($0.path, Int32(SFM_READ), &info) }) else {
            let reason = String(cString: sf_strerror(nil)).trimmingCharacters(in: .whitespacesAndNewlines)
            throw DecodeError(path: path, reason: "is not a recording that can be read: \(reason)")
        }
        defer { sf_close(file) }
        let rate = Int(info.samplerate)
        let channels = Int(info.channels)
        guard (100...1_000_000).contains(rate), channels > 0 else {
            throw DecodeError(path: path, reason: "gives an impossible sample rate (\(rate) Hz) or no channels")
        }
        let start = frame(at: audio.start ?? 0, rate)
        if start > 0 && sf_seek(file, sf_count_t(start), SEEK_SET) < 0 {
            throw DecodeError(path: path, reason: "ends before audio_start (\(audio.start ?? 0) s)")
        }
        let wanted = audio.end.map { max(0, frame(at: $0, rate) - start) } ?? maxFrames
        let samples = try readMono(file, channels: channels, limit: min(wanted, maxFrames / channels), path: path)
        guard !samples.isEmpty else { throw DecodeError(path: path, reason: "holds no audio: it has no frames") }
        guard samples.count < maxFrames / channels else {
            throw DecodeError(path: path, reason: "is longer than \(maxFrames / channels) frames")
        }
        if let end = audio.end, samples.count + rate / 100 < wanted {
            throw DecodeError(
                path: path, reason: "ends \(Double(wanted - samples.count) / Double(rate)) s before audio_end (\(end) s)")
        }
        guard samples.allSatisfy(\.isFinite) else { throw DecodeError(path: path, reason: "holds samples that are not numbers") }
        return AudioClip(samples: samples, rate: rate)
    }

    /// The frame at a time in seconds; times beyond any recording give the last frame there can be.
    private static func frame(at seconds: Double, _ rate: Int) -> Int {
        Int(min(max(0, seconds * Double(rate)), Double(maxFrames)))
    }

    /// Reads in pieces: a header's claim of a length is not believed.
    private static func readMono(_ file: OpaquePointer, channels: Int, limit: Int, path: String) throws -> [Float] {
        let piece = 16_384
        var interleaved = [Float](repeating: 0, count: piece * channels)
        var mono: [Float] = []
        while mono.count < limit {
            let frames = Int(sf_readf_float(file, &interleaved, sf_count_t(min(piece, limit - mono.count))))
            guard frames > 0 else { break }
            if channels == 1 {
                mono.append(contentsOf: interleaved[..<frames])
            } else {
                for frame in 0..<frames {
                    let sum = interleaved[frame * channels..<(frame + 1) * channels].reduce(0, +)
                    mono.append(sum / Float(channels))
                }
            }
        }
        guard sf_error(file) == Int32(SF_ERR_NO_ERROR) else {
            throw DecodeError(path: path, reason: "is damaged: \(String(cString: sf_strerror(file)))")
        }
        return mono
    }
}
