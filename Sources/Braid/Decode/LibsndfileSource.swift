internal import CSound
internal import Foundation

/// What libsndfile reads: WAV, AIFF, W64, CAF, FLAC, Ogg Vorbis and Opus and more.
final class LibsndfileSource: SoundSource {
    let rate: Int
    let channels: Int
    let declared: (frames: Int, tolerance: Int)?
    private let bytes: SoundBytes
    private let file: OpaquePointer

    /// - Throws: `DecodeError` where the bytes are no recording.
    init(_ bytes: SoundBytes) throws {
        var info = SF_INFO()
        var calls = SF_VIRTUAL_IO(
            get_filelen: { SoundBytes.of($0).map { sf_count_t($0.count) } ?? 0 },
            seek: { sf_count_t(SoundBytes.of($2)?.seek(Int($0), $1) ?? -1) },
            read: { sf_count_t(max(0, SoundBytes.of($2)?.read($0, Int($1)) ?? 0)) },
            write: { _, _, _ in 0 },
            tell: { sf_count_t(SoundBytes.of($0)?.position ?? 0) })
        guard let file = sf_open_virtual(&calls, Int32(SFM_READ), &info, bytes.pointer) else {
            let reason = String(cString: sf_strerror(nil)).trimmingCharacters(in: .whitespacesAndNewlines)
            // Of a format that it knows, libsndfile says what is wrong.
            let known =
                sf_error(nil) == Int32(SF_ERR_UNRECOGNISED_FORMAT)
                ? ForeignFile.reason(bytes.bytes(at: 0, 64), wanted: .sound) : nil
            throw bytes.damage(known ?? "is not a recording that can be read: \(reason)")
        }
        (self.bytes, self.file) = (bytes, file)
        (rate, channels) = (Int(info.samplerate), Int(info.channels))
        // A stream, whose length nobody knew when it began, counts as endless.
        declared = info.frames < Int64.max / 2 ? (Int(info.frames), 0) : nil
    }

    deinit { sf_close(file) }

    func seek(to frame: Int) -> Bool { sf_seek(file, sf_count_t(frame), SEEK_SET) >= 0 }

    func read(_ buffer: UnsafeMutablePointer<Float>, _ count: Int) throws -> Int {
        let frames = Int(sf_readf_float(file, buffer, sf_count_t(count)))
        // Asked after every read: the next one forgets.
        guard sf_error(file) == Int32(SF_ERR_NO_ERROR) else {
            throw bytes.damage("is damaged: \(String(cString: sf_strerror(file)))")
        }
        return max(0, frames)
    }
}
