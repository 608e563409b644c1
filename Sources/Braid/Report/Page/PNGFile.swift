internal import CZlib
internal import Foundation

/// Pictures as PNG files, for pages.
enum PNGFile {
    /// A picture in 8-bit RGB, each row as it is.
    static func data(_ image: Image) throws -> Data {
        var rows = Data(capacity: image.height * (3 * image.width + 1))
        for row in 0..<image.height {
            rows.append(0)
            rows.append(contentsOf: image.pixels[3 * row * image.width..<3 * (row + 1) * image.width])
        }
        let header = big(UInt32(image.width)) + big(UInt32(image.height)) + Data([8, 2, 0, 0, 0])
        let signature = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        return signature + chunk("IHDR", header) + chunk("IDAT", try deflated(rows)) + chunk("IEND", Data())
    }

    private static func deflated(_ data: Data) throws -> Data {
        var count = compressBound(uLong(data.count))
        var result = [UInt8](repeating: 0, count: Int(count))
        let status = data.withUnsafeBytes { bytes in
            compress2(&result, &count, bytes.bindMemory(to: UInt8.self).baseAddress, uLong(data.count), Z_BEST_COMPRESSION)
        }
        guard status == Z_OK else { throw BraidError(.internal, "a picture cannot be compressed: zlib says \(status)") }
        return Data(result.prefix(Int(count)))
    }

    private static func chunk(_ name: String, _ data: Data) -> Data {
        let body = Data(name.utf8) + data
        let sum = body.withUnsafeBytes { crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, uInt(body.count)) }
        return big(UInt32(data.count)) + body + big(UInt32(sum))
    }

    private static func big(_ value: UInt32) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }
}
