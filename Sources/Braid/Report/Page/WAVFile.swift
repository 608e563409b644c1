internal import Foundation

/// Recordings as WAV files, for pages.
enum WAVFile {
    /// Mono, in whole numbers of 16 bits; what is beyond full scale is cut off.
    static func data(_ clip: AudioClip) -> Data {
        let samples = clip.samples.map { Int16(max(-1, min(1, $0)) * 32767).littleEndian }
        let body = samples.withUnsafeBytes { Data($0) }
        let format = little(UInt16(1)) + little(UInt16(1)) + little(UInt32(clip.rate)) + little(UInt32(2 * clip.rate))
        let chunks =
            Data("WAVEfmt ".utf8) + little(UInt32(16)) + format + little(UInt16(2)) + little(UInt16(16)) + Data("data".utf8)
            + little(UInt32(body.count)) + body
        return Data("RIFF".utf8) + little(UInt32(chunks.count)) + chunks
    }

    private static func little(_ value: some FixedWidthInteger) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
}
