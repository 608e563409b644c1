internal import Foundation

/// Names files by how they begin, whatever they are called: what stands in place of a picture or a recording where a download failed, and
/// formats that are not read.
enum ForeignFile {
    /// What was looked for.
    enum Wanted {
        case picture, sound
    }

    /// What the bytes are, where they are not what is `wanted`, and what to do.
    static func reason(_ bytes: [UInt8], wanted: Wanted) -> String {
        if bytes.isEmpty { return "is empty: an interrupted download or copy; get the file again" }
        let start = String(decoding: bytes.prefix(64), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") {
            return "is an HTML page, as a failed download leaves it; get the file itself"
        }
        if start.hasPrefix("version https://git-lfs") { return "is a pointer of Git LFS; fetch the file with git lfs pull" }
        if start.hasPrefix("<?xml") || start.hasPrefix("<svg") { return "is XML (SVG?); convert it to PNG or JPEG" }
        if bytes.allSatisfy({ $0 == 0 }) { return "begins with nothing but zeros: it was never written, or is damaged" }
        switch wanted {
        case .picture:
            guard let name = name(bytes) else {
                return "is no \(PictureFormat.names), whatever its name; convert it to one of them"
            }
            return "is \(name), and no picture of a format that is read (\(PictureFormat.names))"
        case .sound:
            guard let name = name(bytes) else { return "is no recording of a known format; convert it to WAV or FLAC" }
            return "is \(name), and no recording"
        }
    }

    /// The name of the format; nil where it is not known.
    static func name(_ bytes: [UInt8]) -> String? {
        let text = { (range: Range<Int>) in
            range.upperBound <= bytes.count ? String(decoding: bytes[range], as: UTF8.self) : ""
        }
        switch text(0..<4) {
        case "RIFF" where text(8..<12) == "WEBP": return "WebP"
        case "RIFF" where text(8..<12) == "AVI ": return "an AVI video"
        case "RIFF" where text(8..<12) == "WAVE": return "a WAV recording"
        case "GIF8": return "GIF"
        case "%PDF": return "PDF"
        case "8BPS": return "Photoshop's PSD"
        case "MThd": return "MIDI, which has notes and no sound"
        case "OggS", "fLaC": return "sound"
        default: break
        }
        if text(4..<8) == "ftyp" {
            let brand = text(8..<12)
            if ["heic", "heix", "mif1", "msf1"].contains(brand) { return "HEIC" }
            return brand == "avif" ? "AVIF" : "MPEG-4 (M4A, MP4 or MOV)"
        }
        let magic: [(bytes: [UInt8], name: String)] = [
            ([0x49, 0x49, 0x2A, 0x00], "TIFF"), ([0x4D, 0x4D, 0x00, 0x2A], "TIFF"), ([0x42, 0x4D], "BMP"),
            ([0x1A, 0x45, 0xDF, 0xA3], "Matroska or WebM"), ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive"),
            ([0x1F, 0x8B], "compressed by gzip"), ([0x93, 0x4E, 0x55, 0x4D], "an array of NumPy"),
            ([0x89, 0x48, 0x44, 0x46], "HDF5"), ([0xFF, 0xF1], "AAC"), ([0xFF, 0xF9], "AAC"),
            ([0x30, 0x26, 0xB2, 0x75], "Windows Media"), ([0xFF, 0xD8, 0xFF], "JPEG"),
            ([0x89, 0x50, 0x4E, 0x47], "PNG"),
        ]
        return magic.first { bytes.starts(with: $0.bytes) }?.name
    }
}
