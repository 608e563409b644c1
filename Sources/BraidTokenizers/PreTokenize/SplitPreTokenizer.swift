internal import BraidSupport

/// Cuts at the matches of a pattern, or at what lies between them.
struct SplitPreTokenizer: PreTokenizer {
    private let pattern: Pattern
    private let behavior: SplitBehavior
    private let inverts: Bool

    init(_ settings: JSONObject) throws {
        try settings.allow("pattern", "behavior", "invert")
        pattern = try Pattern(settings)
        behavior = try SplitBehavior(settings)
        inverts = try settings.bool("invert")
    }

    func preTokenize(_ pieces: inout Pieces) {
        pieces.split(at: pattern, behavior, inverts: inverts)
    }
}

extension Pieces {
    mutating func split(at pattern: Pattern, _ behavior: SplitBehavior, inverts: Bool = false) {
        var splitter = Splitter(behavior)
        split { text, piece, list in
            var end = piece.start
            pattern.forEachMatch(in: text, piece.start, piece.end) { start, stop in
                splitter.add(end, start, isMatch: inverts, &list)
                splitter.add(start, stop, isMatch: !inverts, &list)
                end = stop
            }
            splitter.add(end, piece.end, isMatch: inverts, &list)
            splitter.finish(&list)
        }
    }
}
