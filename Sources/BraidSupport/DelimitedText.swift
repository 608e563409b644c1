/// Fields of RFC 4180 files that are written.
package enum DelimitedText {
    package static func quoted(_ field: String) -> String {
        // By scalars: a comma with a combining mark is one Character, and still a comma to whoever reads the file.
        let special: Set<Unicode.Scalar> = [",", "\"", "\n", "\r"]
        guard field.unicodeScalars.contains(where: special.contains) else { return field }
        var text = String.UnicodeScalarView()
        for scalar in field.unicodeScalars { text.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
        return "\"\(String(text))\""
    }
}
