internal import CFFmpeg
internal import Foundation

/// The sound of M4A, AAC, MP4, MOV, WebM, Matroska, WMA, AMR and their like, by FFmpeg's libraries, which are loaded at the first such file.
final class FFmpegSource: SoundSource {
    let rate: Int
    let channels: Int
    let declared: (frames: Int, tolerance: Int)?
    private let bytes: SoundBytes
    private let source: OpaquePointer
    private static let messageSize = Int(CFF_MESSAGE_SIZE)

    /// Whether the bytes begin as one of its containers does.
    static func reads(_ bytes: SoundBytes) -> Bool {
        let head = bytes.bytes(at: 0, 12)
        guard head.count == 12 else { return false }
        if isADTS(head) { return true }
        if head.starts(with: Array("ID3".utf8)) {
            return isADTS(bytes.bytes(at: 10 + head[6...9].reduce(0) { $0 << 7 | Int($1 & 0x7F) }, 2))
        }
        // Boxes of MPEG-4 and QuickTime, which may begin without the one that names the kind.
        let box = String(decoding: head[4..<8], as: UTF8.self)
        let isPicture = ["heic", "heix", "mif1", "msf1", "avif", "avis"].contains(String(decoding: head[8..<12], as: UTF8.self))
        if ["ftyp", "moov", "mdat", "wide"].contains(box) { return !isPicture }
        return beginnings.contains { head.starts(with: $0) }
    }

    /// Matroska and WebM, Windows Media, AMR, Flash video and AC-3.
    private static let beginnings: [[UInt8]] = [
        [0x1A, 0x45, 0xDF, 0xA3], [0x30, 0x26, 0xB2, 0x75], Array("#!AMR".utf8), Array("FLV".utf8), [0x0B, 0x77],
    ]

    /// Whether a frame of AAC begins so: as MP3's, but of layer 0.
    private static func isADTS(_ head: [UInt8]) -> Bool { head.count > 1 && head[0] == 0xFF && head[1] & 0xF6 == 0xF0 }

    /// - Throws: `DecodeError` where the bytes have no sound that can be read, or the libraries are not there.
    init(_ bytes: SoundBytes) throws {
        var calls = cff_bytes(
            context: bytes.pointer, read: { Int64(SoundBytes.of($0)?.read($1, Int($2)) ?? -1) },
            seek: { Int64(SoundBytes.of($0)?.seek(Int($1), $2) ?? -1) })
        var message = [CChar](repeating: 0, count: Self.messageSize)
        var opened: OpaquePointer?
        let status = cff_open(&calls, &opened, &message)
        guard status == 0, let source = opened else {
            let kind = ForeignFile.name(bytes.bytes(at: 0, 64)).map { status == CFF_UNAVAILABLE ? "is \($0), and " : "" } ?? ""
            throw bytes.damage(kind + Self.text(message))
        }
        (self.bytes, self.source) = (bytes, source)
        (rate, channels) = (Int(cff_rate(source)), Int(cff_channels(source)))
        let frames = Int(cff_declared(source))
        declared = frames >= 0 ? (frames, Int(cff_tolerance(source))) : nil
    }

    deinit { cff_close(source) }

    /// Damage on the way shows at the next read.
    func seek(to frame: Int) -> Bool {
        var message = [CChar](repeating: 0, count: Self.messageSize)
        return cff_seek(source, Int64(frame), &message) != 1
    }

    func read(_ buffer: UnsafeMutablePointer<Float>, _ count: Int) throws -> Int {
        var message = [CChar](repeating: 0, count: Self.messageSize)
        let frames = cff_read(source, buffer, Int64(count), &message)
        guard frames >= 0 else { throw bytes.damage(Self.text(message)) }
        return Int(frames)
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
