internal import Foundation

/// Text as BERT's tokenizer sees it: cleaned, Chinese characters set apart, accents stripped, lower case; then cut into
/// words at spaces and punctuation. Follows the `tokenizers` package, its age of Unicode tables included.
struct BertNormalizer: Sendable {
    let cleansText: Bool
    let separatesChinese: Bool
    let stripsAccents: Bool
    let lowercases: Bool

    init(_ settings: JSONObject) throws {
        cleansText = try settings.bool("clean_text", true)
        separatesChinese = try settings.bool("handle_chinese_chars", true)
        lowercases = try settings.bool("lowercase", true)
        stripsAccents = try settings.bool("strip_accents", lowercases)
    }

    /// The words of `text`, punctuation marks as words of their own.
    func words(_ text: Substring.UnicodeScalarView) -> [[Unicode.Scalar]] {
        var scalars = Array(text)
        if cleansText { scalars = clean(scalars) }
        if separatesChinese { scalars = separateChinese(scalars) }
        if stripsAccents { scalars = decompose(scalars).filter { !$0.isOldNonspacingMark } }
        if lowercases {
            scalars = scalars.flatMap { $0.isASCII ? [$0.asciiLowercased] : Array($0.properties.lowercaseMapping.unicodeScalars) }
        }
        return split(scalars)
    }

    private func clean(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        scalars.compactMap { scalar in
            if scalar.value == 0 || scalar.value == 0xFFFD || scalar.isControl { return nil }
            return scalar.properties.isWhitespace ? " " : scalar
        }
    }

    private func separateChinese(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains(where: \.isChinese) else { return scalars }
        return scalars.flatMap { $0.isChinese ? [" ", $0, " "] : [$0] }
    }

    /// Canonical decomposition. Scalars younger than the reference's tables stay as they are.
    private func decompose(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains(where: { $0.value >= 0xC0 }) else { return scalars }
        var result: [Unicode.Scalar] = []
        var pending = String.UnicodeScalarView()
        func flush() {
            result.append(contentsOf: String(pending).decomposedStringWithCanonicalMapping.unicodeScalars)
            pending = String.UnicodeScalarView()
        }
        for scalar in scalars {
            if scalar.isNewer(than: (12, 1)) {
                flush()
                result.append(scalar)
            } else {
                pending.append(scalar)
            }
        }
        flush()
        return result
    }

    private func split(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        func flush() {
            if !word.isEmpty { words.append(word) }
            word.removeAll(keepingCapacity: true)
        }
        for scalar in scalars {
            if scalar.properties.isWhitespace {
                flush()
            } else if scalar.isBertPunctuation {
                flush()
                words.append([scalar])
            } else {
                word.append(scalar)
            }
        }
        flush()
        return words
    }
}

extension Unicode.Scalar {
    fileprivate var asciiLowercased: Unicode.Scalar {
        (0x41...0x5A).contains(value) ? Unicode.Scalar(UInt8(value + 0x20)) : self
    }

    fileprivate func isNewer(than version: (Int, Int)) -> Bool {
        guard let age = properties.age else { return true }
        return (age.major, age.minor) > version
    }

    /// The reference's general categories are those of Unicode 8: what came later has none.
    private var oldCategory: Unicode.GeneralCategory {
        isNewer(than: (8, 0)) ? .unassigned : Self.changedSince[value] ?? properties.generalCategory
    }

    /// Scalars whose category was another one in the reference's tables than in today's Unicode.
    private static let changedSince: [UInt32: Unicode.GeneralCategory] = [
        0x166D: .otherPunctuation, 0x1734: .nonspacingMark, 0x1885: .otherLetter, 0x1886: .otherLetter, 0xA9BD: .spacingMark,
        0x111C9: .otherPunctuation, 0x1171E: .nonspacingMark,
    ]

    fileprivate var isOldNonspacingMark: Bool { value >= 0x300 && oldCategory == .nonspacingMark }

    /// Other than tab, line feed and carriage return, which are spaces.
    fileprivate var isControl: Bool {
        guard value >= 0x7F || value < 0x20 else { return false }
        if value == 0x09 || value == 0x0A || value == 0x0D { return false }
        switch oldCategory {
        case .control, .format, .privateUse: return true
        default: return false
        }
    }

    fileprivate var isBertPunctuation: Bool {
        if isASCII {
            return (0x21...0x2F).contains(value) || (0x3A...0x40).contains(value) || (0x5B...0x60).contains(value)
                || (0x7B...0x7E).contains(value)
        }
        switch oldCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    /// The blocks that BERT names, one of them from 0x2B920 as the reference has it.
    fileprivate var isChinese: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
