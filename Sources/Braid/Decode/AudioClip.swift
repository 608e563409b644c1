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
        let resampler = try Resampler(from: rate, to: target)
        return AudioClip(samples: try resampler.process(samples) + resampler.finish(), rate: target)
    }
}

/// Reads whatever libsndfile and libmpg123 read: WAV, FLAC, OGG Vorbis and Opus, MP3 and more, at any rate, of any number of channels.
public enum AudioDecoder {
    /// Reads a stretch of a recording, or all of it, averaged over its channels, at the file's own rate.
    ///
    /// - Throws: `DecodeError` where the file cannot be read, is damaged or cut short, is empty or too long, or ends before the stretch does.
    public static func decode(_ audio: Medium) throws -> AudioClip {
        let reader = try RecordingReader(audio)
        var samples: [Float] = []
        while case let piece = try reader.next(), !piece.isEmpty { samples += piece }
        return AudioClip(samples: samples, rate: reader.rate)
    }
}
