internal import CSound
internal import Foundation

/// MP3, by libmpg123: libsndfile reads it with the same library, but lets that write to stderr and find its way past what is damaged.
final class MPEGSource: SoundSource {
    private(set) var rate = 0
    private(set) var channels = 0
    private(set) var declared: (frames: Int, tolerance: Int)?
    private let bytes: SoundBytes
    private let handle: OpaquePointer

    /// Whether the bytes begin as MPEG audio does, behind an ID3 tag or without one.
    static func reads(_ bytes: SoundBytes) -> Bool {
        let head = bytes.bytes(at: 0, 10)
        guard head.count == 10 else { return false }
        guard head.starts(with: Array("ID3".utf8)) else { return isFrame(head) }
        let size = head[6...9].reduce(0) { $0 << 7 | Int($1 & 0x7F) }
        return isFrame(bytes.bytes(at: 10 + size, 4))
    }

    /// Whether four bytes are the header of a frame of layer 1, 2 or 3: AAC, whose header looks alike, has layer 0.
    private static func isFrame(_ head: [UInt8]) -> Bool {
        guard head.count >= 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return false }
        return head[1] & 0x18 != 0x08 && head[1] & 0x06 != 0 && head[2] & 0xF0 != 0xF0 && head[2] & 0x0C != 0x0C
    }

    /// - Throws: `DecodeError` where libmpg123 cannot read the bytes.
    init(_ bytes: SoundBytes) throws {
        guard mpg123_init() == MPG123_OK.rawValue, let handle = mpg123_new(nil, nil) else {
            throw bytes.damage("cannot be read: libmpg123 cannot be started")
        }
        (self.bytes, self.handle) = (bytes, handle)
        // Damage is to be named, not skipped.
        let flags = [MPG123_QUIET, MPG123_FORCE_FLOAT, MPG123_GAPLESS, MPG123_NO_RESYNC].reduce(0) { $0 | Int($1.rawValue) }
        mpg123_param2(handle, Int32(MPG123_ADD_FLAGS.rawValue), flags, 0)
        mpg123_param2(handle, Int32(MPG123_REMOVE_FLAGS.rawValue), Int(MPG123_AUTO_RESAMPLE.rawValue), 0)
        mpg123_replace_reader_handle(
            handle, { SoundBytes.of($0)?.read($1, $2) ?? -1 }, { off_t(SoundBytes.of($0)?.seek(Int($1), $2) ?? -1) }, nil)
        guard mpg123_open_handle(handle, bytes.pointer) == MPG123_OK.rawValue else { throw unreadable() }
        var (hertz, count, encoding) = (0, Int32(0), Int32(0))
        guard mpg123_getformat(handle, &hertz, &count, &encoding) == MPG123_OK.rawValue else { throw unreadable() }
        (rate, channels) = (hertz, Int(count))
        // Exact where the encoder has written it down, with its delay; else an estimate by the bit rate.
        var (delay, unused) = (-1, 0.0)
        mpg123_getstate2(handle, Int32(MPG123_ENC_DELAY.rawValue), &delay, &unused)
        if delay >= 0 { declared = (max(0, mpg123_length(handle)), Self.frame) }
    }

    deinit { mpg123_delete(handle) }

    func seek(to frame: Int) -> Bool { mpg123_seek(handle, off_t(frame), SEEK_SET) >= 0 }

    func read(_ buffer: UnsafeMutablePointer<Float>, _ count: Int) throws -> Int {
        let frameSize = channels * MemoryLayout<Float>.size
        var status = MPG123_OK.rawValue
        var taken = 0
        repeat {
            status = mpg123_read(handle, buffer, count * frameSize, &taken)
            if status == MPG123_NEW_FORMAT.rawValue { try checkFormat() }
        } while status == MPG123_NEW_FORMAT.rawValue && taken == 0
        if status == MPG123_DONE.rawValue {
            try checkEnd()
        } else if status != MPG123_OK.rawValue && status != MPG123_NEW_FORMAT.rawValue && !isBeforeTag {
            throw bytes.damage("is damaged: \(reason)")
        }
        return taken / frameSize
    }

    /// The samples of the longest frame: as many may be the encoder's own silence at the end.
    private static let frame = 1152

    private var reason: String { String(cString: mpg123_strerror(handle)) }

    private func unreadable() -> DecodeError { bytes.damage("is not a recording that can be read: \(reason)") }

    private func checkFormat() throws {
        var (hertz, count, encoding) = (0, Int32(0), Int32(0))
        mpg123_getformat(handle, &hertz, &count, &encoding)
        guard (hertz, Int(count)) == (rate, channels) else {
            throw bytes.damage("changes in its middle from \(rate) Hz, \(channels) channels, to \(hertz) Hz, \(count) channels")
        }
    }

    /// Where the last frame that was read ends; nil where none was.
    private var frameEnd: Int? {
        var info = mpg123_frameinfo2()
        guard mpg123_info2(handle, &info) == MPG123_OK.rawValue else { return nil }
        return Int(mpg123_framepos(handle)) + Int(info.framesize)
    }

    /// Whether a tag follows, which libmpg123 takes for a lost track: APE and Lyrics3 stand behind the frames, ID3v1 behind them.
    private var isBeforeTag: Bool {
        let next = frameEnd.map { String(decoding: bytes.bytes(at: $0, 11), as: UTF8.self) } ?? ""
        return ["APETAGEX", "LYRICSBEGIN", "TAG"].contains(where: next.hasPrefix)
    }

    /// Behind the last whole frame only tags may follow, not the beginning of another frame.
    private func checkEnd() throws {
        guard let end = frameEnd else { return }
        guard !Self.isFrame(bytes.bytes(at: end, 4)) else { throw bytes.damage("is cut short: it ends within a frame") }
    }
}
