/// Lower case, scalar by scalar: a final sigma is no exception.
struct LowercaseNormalizer: Normalizer {
    private let tables = UnicodeTables.shared

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        var index = 0
        while index < text.count {
            let (scalar, length) = text.scalar(at: index)
            output.append(scalar: tables.lowerCase(scalar))
            if scalar == 0x130 { output.append(scalar: 0x307) }
            index += length
        }
    }
}

/// Drops some scalars and takes others for spaces.
struct ScalarFilter: Normalizer {
    private let drops: @Sendable (UInt32) -> Bool
    private let isSpace: @Sendable (UInt32) -> Bool

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        var index = 0
        while index < text.count {
            let (scalar, length) = text.scalar(at: index)
            if isSpace(scalar) {
                output.append(0x20)
            } else if !drops(scalar) {
                output.append(contentsOf: text.part(index, index + length))
            }
            index += length
        }
    }

    static let stripAccents = ScalarFilter(
        drops: { UnicodeTables.shared.traits($0).contains(.combiningMark) }, isSpace: { _ in false })

    /// The rules of Google's neural machine translation, as the reference has them.
    static let nmt = ScalarFilter(
        drops: { scalar in
            switch scalar {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: true
            default: false
            }
        },
        isSpace: { scalar in
            switch scalar {
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD: true
            default: false
            }
        })
}

/// Drops white space at either end.
struct StripNormalizer: Normalizer {
    let left: Bool
    let right: Bool

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        let tables = UnicodeTables.shared
        var start = 0
        var end = text.count
        while left, start < end, tables.traits(text.scalar(at: start).value).contains(.space) {
            start += text.scalar(at: start).length
        }
        while right, end > start, tables.traits(text.scalar(before: end).value).contains(.space) {
            end -= text.scalar(before: end).length
        }
        output.append(contentsOf: text.part(start, end))
    }
}

/// Puts a text before any that is not empty.
struct PrependNormalizer: Normalizer {
    let prefix: [UInt8]

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        if text.count > 0 { output.append(contentsOf: prefix) }
        output.append(contentsOf: text)
    }
}

/// Writes each byte as the printable character that stands for it.
struct ByteLevelNormalizer: Normalizer {
    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        for byte in text { ByteAlphabet.append(byte, to: &output) }
    }
}
