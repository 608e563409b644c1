internal import BraidSupport

/// What a file is, by what is in it: its name may say anything.
enum CheckpointFormat: Equatable {
    case safetensors
    /// `torch.save` since 1.6.
    case zip
    /// `torch.save` before.
    case pickle
    /// The JSON index of a checkpoint in several files.
    case index
    /// None of these: what it is, and what to do about it.
    case other(String)

    init(_ bytes: UnsafeRawBufferPointer) {
        let head = bytes.prefix(512)
        func begins(_ prefix: [UInt8]) -> Bool { head.starts(with: prefix) }
        if Self.isSafetensors(bytes) {
            self = .safetensors
        } else if begins([0x50, 0x4B, 0x03, 0x04]) || begins([0x50, 0x4B, 0x05, 0x06]) {
            self = .zip
        } else if begins([0x80]) && head.count > 1 && (1...5).contains(head[1]) {
            self = .pickle
        } else if let known = Self.binary.first(where: { begins($0.magic) }) {
            self = .other(known.what)
        } else if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) {
            self = .other(Self.tar)
        } else {
            self = Self.text(head)
        }
    }

    /// The length of a header, then a JSON object. Such lengths can look like any other format's first bytes.
    private static func isSafetensors(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count > 8, bytes[8] == UInt8(ascii: "{") else { return false }
        return bytes.loadUnaligned(as: UInt64.self).littleEndian <= max(SafetensorsHeader.largestHeader, Limit.headerBytes.value)
    }

    private static func text(_ head: Slice<UnsafeRawBufferPointer>) -> CheckpointFormat {
        let text = String(decoding: head, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        let lower = text.prefix(100).lowercased()
        if text.hasPrefix("{") { return .index }
        if lower.hasPrefix("<!doctype") || lower.hasPrefix("<html") || lower.hasPrefix("<?xml") || lower.hasPrefix("<head") {
            return .other("is a web page, not a checkpoint: the download was answered by a page. Download the file itself")
        }
        if text.hasPrefix("version https://git-lfs") {
            return .other(
                "is a Git LFS pointer, not the checkpoint: run git lfs pull in its repository, or download the file itself")
        }
        return .other("is no checkpoint that is known here: neither safetensors nor a file of torch.save")
    }

    private static let tar =
        "is a tar archive. If an early PyTorch saved it, load and save it again with a newer one; otherwise unpack it first"

    private static let binary: [(magic: [UInt8], what: String)] = [
        ([0x93] + Array("NUMPY".utf8), "is a NumPy array (.npy), not a checkpoint: save the arrays as safetensors"),
        ([0x89] + Array("HDF".utf8), "is an HDF5 file (Keras), not a checkpoint of PyTorch: convert it to safetensors"),
        (Array("GGUF".utf8), "is a GGUF file, not a checkpoint of PyTorch: get the weights as safetensors"),
        ([0x1F, 0x8B], "is compressed with gzip: unpack it first"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "is compressed with xz: unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "is compressed with zstd: unpack it first"),
    ]
}
