import Foundation

/// Small media files, made on the spot.
enum TestMedia {
    /// A square grey PNG around `level`, `size` pixels a side, with a little noise: stored without compression.
    static func greyPNG(level: Int, seed: Int, size: Int = 24) -> Data {
        var raw = Data()
        var state = UInt64(seed) &+ 99
        for _ in 0..<size {
            raw.append(0)
            for _ in 0..<size {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                raw.append(UInt8(min(255, max(0, level + Int(state >> 60) - 8))))
            }
        }
        let header = big(UInt32(size)) + big(UInt32(size)) + Data([8, 0, 0, 0, 0])
        let signature = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        return signature + chunk("IHDR", header) + chunk("IDAT", zlib(raw)) + chunk("IEND", Data())
    }

    /// A tone at 8 kHz as a 16-bit WAV.
    static func tone(hertz: Double, seed: Int, seconds: Double = 0.25) -> Data {
        let samples = (0..<Int(8000 * seconds)).map { index -> Int16 in
            let phase = Double(seed) + 2 * Double.pi * hertz * Double(index) / 8000
            return Int16(8000 * sin(phase))
        }
        let data = samples.withUnsafeBytes { Data($0) }
        let format = little16(1) + little16(1) + little32(8000) + little32(16_000) + little16(2) + little16(16)
        let body = Data("WAVEfmt ".utf8) + little32(16) + format + Data("data".utf8) + little32(UInt32(data.count)) + data
        return Data("RIFF".utf8) + little32(UInt32(body.count)) + body
    }

    private static func chunk(_ name: String, _ data: Data) -> Data {
        let body = Data(name.utf8) + data
        return big(UInt32(data.count)) + body + big(crc32(body))
    }

    /// One stored block.
    private static func zlib(_ data: Data) -> Data {
        let length = UInt16(data.count)
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in data {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return Data([0x78, 0x01, 0x01]) + little16(length) + little16(~length) + data + big(b << 16 | a)
    }

    private static func crc32(_ data: Data) -> UInt32 {
        ~data.reduce(~UInt32(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        }
    }

    private static func big(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }
    private static func little32(_ value: UInt32) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
    private static func little16(_ value: UInt16) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
}
