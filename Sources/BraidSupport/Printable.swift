/// Text that comes from files, such as names of tensors, classes and columns, made fit for a terminal: no control character of it acts, and none
/// of it is too long to be read.
///
/// Errors describe themselves by it, tables and notes are written by it. Files that programs read keep names as they are.
package enum Printable {
    /// The most characters of a name.
    package static let longestName = 200
    /// The most characters of a line of prose.
    package static let longestLine = 2000

    /// A name within a line: control characters and line breaks escaped, and cut where it is longer than `limit`.
    package static func name(_ text: String, atMost limit: Int = longestName) -> String {
        // What is cut off is not escaped before.
        cut(escaped(cut(text, limit), alsoBreaks: true), limit)
    }

    /// Lines for a person: control characters but breaks and tabs are escaped, and of a line that is too long the middle is left out.
    package static func text(_ text: String) -> String {
        guard text.utf8.count > longestLine || needsEscape(text, alsoBreaks: false) else { return text }
        // By bytes: of millions of characters nobody has to know where one ends.
        return text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            shortened(escaped(shortened(String(Substring(line)))))
        }.joined(separator: "\n")
    }

    /// Control characters as `\u{1B}`, and so what turns the direction of writing; all else as it is.
    package static func escaped(_ text: String, alsoBreaks: Bool = false) -> String {
        guard needsEscape(text, alsoBreaks: alsoBreaks) else { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if acts(scalar, alsoBreaks: alsoBreaks) {
                shown.append(
                    contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }

    /// Where a line is long, its place stands at the beginning and what to do at the end.
    private static func shortened(_ line: String) -> String {
        let scalars = line.unicodeScalars
        guard line.utf8.count > longestLine, scalars.count > longestLine else { return line }
        let tail = longestLine / 5
        let middle = " … \(scalars.count - longestLine) characters left out … "
        let head = longestLine - tail - middle.unicodeScalars.count
        return String(scalars.prefix(head)) + middle + String(scalars.suffix(tail))
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        guard text.utf8.count > limit,
            let end = text.unicodeScalars.index(
                text.unicodeScalars.startIndex, offsetBy: limit, limitedBy: text.unicodeScalars.endIndex),
            end < text.unicodeScalars.endIndex
        else { return text }
        return String(text.unicodeScalars[..<text.unicodeScalars.index(before: end)]) + "…"
    }

    private static func needsEscape(_ text: String, alsoBreaks: Bool) -> Bool {
        var isSuspect = false
        // Bytes first, for they decide for nearly all texts: the scalars beyond ASCII that act begin with one of two.
        for byte in text.utf8 where byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2 {
            guard byte != 0x0A && byte != 0x09 || alsoBreaks else { continue }
            isSuspect = true
            break
        }
        return isSuspect && text.unicodeScalars.contains { acts($0, alsoBreaks: alsoBreaks) }
    }

    private static func acts(_ scalar: Unicode.Scalar, alsoBreaks: Bool) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: alsoBreaks
        case 0..<0x20, 0x7F..<0xA0: true
        // Breaks of lines and paragraphs, and marks, embeddings, overrides and isolates of direction.
        case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
