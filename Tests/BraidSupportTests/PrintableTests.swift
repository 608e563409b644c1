import BraidSupport
import Testing

/// What a terminal is shown of text that comes from files.
@Suite struct PrintableTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("\u{1B}[31mred", "\\u{1B}[31mred"),
            ("a\u{7F}b\u{9B}c", "a\\u{7F}b\\u{9B}c"),
            ("\u{202E}txt", "\\u{202E}txt"),
            ("Größe – 漢字 …", "Größe – 漢字 …"), ("a\r\nb", "a\\u{D}\\u{A}b"), ("a\tb", "a\\u{9}b"),
        ])
    func controlsOfANameDoNotAct(_ name: String, _ shown: String) {
        #expect(Printable.name(name) == shown)
        #expect(Printable.name(shown) == shown)
    }

    @Test func proseKeepsItsLines() {
        #expect(Printable.text("a\n\tb\n\u{1B}c\n") == "a\n\tb\n\\u{1B}c\n")
        #expect(Printable.text("") == "" && Printable.text("\n\n") == "\n\n")
    }

    @Test func whatIsLongIsCut() {
        let long = String(repeating: "ü", count: 5_000_000)
        let name = Printable.name(long)
        #expect(name.count == Printable.longestName && name.hasSuffix("ü…"))
        #expect(Printable.name(String(repeating: "ü", count: Printable.longestName)).hasSuffix("üü"))
        let line = Printable.text("file.csv: \(long): set BRAID_LIMITS")
        #expect(
            line.count == Printable.longestLine && line.hasPrefix("file.csv: ü")
                && line.hasSuffix("set BRAID_LIMITS"))
        #expect(line.contains("characters left out") && Printable.text(line) == line)
        // A name of escapes alone grows by them, and is cut behind.
        #expect(Printable.name(String(repeating: "\u{1B}", count: 5000)).count <= Printable.longestName)
    }

    @Test func errorsDescribeThemselvesByIt() {
        let fault = Fault("\u{1B}[2Jbad", file: "a\nb.csv", line: 3, field: "col\u{7}")
        #expect(fault.description == "a\\u{A}b.csv:3: col\\u{7}: \\u{1B}[2Jbad")
        let long = BraidError(.badData, "class \(String(repeating: "x", count: 5_000_000)) is unknown")
        #expect(
            long.description.count <= Printable.longestLine && long.description.hasSuffix("is unknown"))
        #expect(DecodeError(path: "\u{1B}.png", reason: "no").description == "\\u{1B}.png: no")
    }

    @Test func tablesAreNotWiderThanANameMayBe() {
        let long = String(repeating: "x", count: 5_000_000)
        #expect(TextTable.leading("a", long.count).count == Printable.longestName)
        #expect(TextTable.trailing(long, long.count).count == Printable.longestName)
        #expect(TextTable.leading("ab", 4) == "ab  " && TextTable.trailing("ab", 4) == "  ab")
    }
}
