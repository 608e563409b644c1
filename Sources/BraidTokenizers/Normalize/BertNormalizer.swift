internal import BraidSupport

/// Text as BERT's tokenizer sees it: cleaned, Chinese characters set apart, accents stripped, lower case.
struct BertNormalizer: Normalizer {
    private let cleansText: Bool
    private let separatesChinese: Bool
    private let stripsAccents: Bool
    private let lowercases: Bool
    /// What becomes of each ASCII byte; 0 where it is dropped.
    private let ascii: [UInt8]
    private let tables = UnicodeTables.shared

    init(_ settings: JSONObject) throws {
        try settings.allow("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
        cleansText = try settings.bool("clean_text")
        separatesChinese = try settings.bool("handle_chinese_chars")
        lowercases = try settings.bool("lowercase")
        stripsAccents = try settings.bool("strip_accents", lowercases)
        let (cleansText, lowercases, tables) = (cleansText, lowercases, tables)
        ascii = (UInt8(0)..<0x80).map { byte in
            let traits = tables.traits(UInt32(byte))
            if cleansText && traits.contains(.removedByBert) { return 0 }
            if cleansText && traits.contains(.space) { return 0x20 }
            return lowercases ? UInt8(tables.lowerCase(UInt32(byte))) : byte
        }
    }

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        output.reserveCapacity(text.count + text.count / 4)
        var index = 0
        var run = ScalarRun()
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                let mapped = ascii[Int(byte)]
                if mapped != 0 || !cleansText { output.append(mapped) }
                index += 1
                continue
            }
            // To the next ASCII character that stays; one that is dropped does not keep marks apart.
            while index < text.count, text[index] >= 0x80 || cleansText && ascii[Int(text[index])] == 0 {
                let (scalar, length) = text.scalar(at: index)
                index += length
                append(scalar, to: &run)
            }
            run.sort()
            for scalar in run.scalars { write(scalar, into: &output) }
            run.removeAll()
        }
    }

    /// Cleans, sets apart and decomposes one scalar.
    @inline(__always)
    private func append(_ original: UInt32, to run: inout ScalarRun) {
        var scalar = original
        if cleansText {
            let traits = tables.traits(scalar)
            if traits.contains(.removedByBert) { return }
            if traits.contains(.space) { scalar = 0x20 }
        }
        let isSetApart = separatesChinese && Self.isChinese(scalar)
        if isSetApart { run.append(0x20, 0) }
        if stripsAccents {
            tables.decompositions.decompose(scalar, compatibly: false) {
                run.append($0, UInt8(truncatingIfNeeded: tables.combiningClasses[$0]))
            }
        } else {
            run.append(scalar, 0)
        }
        if isSetApart { run.append(0x20, 0) }
    }

    @inline(__always)
    private func write(_ scalar: UInt32, into output: inout [UInt8]) {
        if stripsAccents && tables.traits(scalar).contains(.nonspacingMark) { return }
        guard lowercases else { return output.append(scalar: scalar) }
        output.append(scalar: tables.lowerCase(scalar))
        if scalar == 0x130 { output.append(scalar: 0x307) }
    }

    /// The blocks that BERT names, one of them from 0x2B920 as the reference has it.
    @inline(__always)
    static func isChinese(_ scalar: UInt32) -> Bool {
        guard scalar >= 0x3400 else { return false }
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }
}
