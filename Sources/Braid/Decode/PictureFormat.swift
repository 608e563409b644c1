internal import CFFmpeg
internal import CImageCodecs
internal import Foundation

/// The formats of pictures that are read, known by how a file begins.
enum PictureFormat: String {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"
    case gif = "GIF"
    case tiff = "TIFF"
    case bmp = "BMP"
    case heic = "HEIC"
    case avif = "AVIF"

    /// What errors name where something else was found.
    static let names = "PNG, JPEG, WebP, GIF, TIFF, BMP, HEIC or AVIF"

    /// nil where the bytes begin as none of them does.
    init?(_ data: Data) {
        let head = [UInt8](data.prefix(12))
        let begins = { (bytes: [UInt8]) in head.starts(with: bytes) }
        if begins([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if begins([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if begins(Array("RIFF".utf8)), head.count == 12, head[8...].elementsEqual("WEBP".utf8) {
            self = .webp
        } else if begins(Array("GIF87a".utf8)) || begins(Array("GIF89a".utf8)) {
            self = .gif
        } else if Self.tiffs.contains(where: begins) {
            self = .tiff
        } else if begins(Array("BM".utf8)) {
            self = .bmp
        } else if let format = Self.boxed(data) {
            self = format
        } else {
            return nil
        }
    }

    /// In either order of bytes, with places of 32 and of 64 bits.
    private static let tiffs: [[UInt8]] = [
        [0x49, 0x49, 0x2A, 0x00], [0x4D, 0x4D, 0x00, 0x2A], [0x49, 0x49, 0x2B, 0x00], [0x4D, 0x4D, 0x00, 0x2B],
    ]

    /// HEIC or AVIF, by the brands in the first box of the file.
    private static func boxed(_ data: Data) -> PictureFormat? {
        let head = [UInt8](data.prefix(256))
        guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return nil }
        let size = min(head.count, head[..<4].reduce(0) { $0 << 8 | Int($1) })
        // The major brand, a version, and the compatible brands.
        let places = [8] + Array(stride(from: 16, through: max(12, size - 4), by: 4))
        let brands = places.filter { $0 + 4 <= size }.map { String(decoding: head[$0..<$0 + 4], as: UTF8.self) }
        if brands.contains(where: ["avif", "avis"].contains) { return .avif }
        return brands.first.flatMap { ["heic", "heix", "heim", "heis", "mif1", "msf1", "hevc"].contains($0) ? .heic : nil }
    }

    /// Decodes the bytes, whose JPEG form a fraction of the size is enough for.
    ///
    /// - Returns: The status of CImageCodecs, the reason in `message`.
    func decode(
        _ bytes: UnsafeBufferPointer<UInt8>, _ maxPixels: UInt64, denominator: UInt32, _ image: inout cic_image,
        _ message: UnsafeMutablePointer<CChar>
    ) -> Int32 {
        let (start, count) = (bytes.baseAddress, bytes.count)
        switch self {
        case .png: return cic_decode_png(start, count, maxPixels, &image, message)
        case .jpeg: return cic_decode_jpeg(start, count, denominator, maxPixels, &image, message)
        case .webp: return cic_decode_webp(start, count, maxPixels, &image, message)
        case .gif: return cic_decode_gif(start, count, maxPixels, &image, message)
        case .tiff: return cic_decode_tiff(start, count, maxPixels, &image, message)
        case .heic: return cic_decode_heif(start, count, maxPixels, &image, message)
        case .avif: return cic_decode_avif(start, count, maxPixels, &image, message)
        case .bmp:
            // Both free what malloc gave.
            image.orientation = 1
            return cff_decode_bmp(start, count, maxPixels, &image.pixels, &image.width, &image.height, &image.channels, message)
        }
    }
}
