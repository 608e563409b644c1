/// A recording that gives its samples piece by piece, channels interleaved.
protocol SoundSource: AnyObject {
    /// Samples a second of each channel.
    var rate: Int { get }
    var channels: Int { get }
    /// The frames that the file says it has, and how many of them may be missing; nil where it says nothing that can be relied on.
    var declared: (frames: Int, tolerance: Int)? { get }

    /// Whether there is such a frame to go on from.
    func seek(to frame: Int) -> Bool

    /// Reads up to `count` frames into a buffer that has room for them.
    ///
    /// - Returns: How many there were; 0 at the end.
    /// - Throws: `DecodeError` where the file is damaged.
    func read(_ buffer: UnsafeMutablePointer<Float>, _ count: Int) throws -> Int
}

/// Which library reads a recording.
enum SoundSources {
    /// Opens a recording, after what its container says of itself was compared with what there is.
    ///
    /// - Throws: `DecodeError` where it cannot be read, or is damaged in a way that shows at once.
    static func open(_ audio: Medium) throws -> any SoundSource {
        let bytes = try SoundBytes(audio)
        if MPEGSource.reads(bytes) { return try MPEGSource(bytes) }
        if FFmpegSource.reads(bytes) { return try FFmpegSource(bytes) }
        try SampleChunk.check(bytes)
        try OggPages.check(bytes)
        return try LibsndfileSource(bytes)
    }
}
