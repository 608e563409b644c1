import BraidSupport
import Testing

@Suite struct GroupedLinesTests {
    @Test func aFewAreShownAndTheOthersCounted() {
        let lines =
            (1...9).map { "m.csv:\($0): split: \"x\($0)\" is none of train" } + ["m.csv:3: other"]
            + (1...5).map { "a/\($0).png: gone" }
        let shown = GroupedLines.of(lines)
        #expect(shown == Array(lines[..<5]) + ["… and 4 more like these", "m.csv:3: other"] + Array(lines[10...]))
        #expect(GroupedLines.of(Array(lines[..<5])) == Array(lines[..<5]))
    }
}
