internal import BraidSupport

/// Puts a text in the place of every match of a pattern.
struct ReplaceNormalizer: Normalizer {
    private let pattern: Pattern
    private let content: [UInt8]

    init(_ settings: JSONObject) throws {
        try settings.allow("pattern", "content")
        pattern = try Pattern(settings)
        content = try settings.shortBytes("content")
    }

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        var end = 0
        pattern.forEachMatch(in: text, 0, text.count) { start, stop in
            if output.count > most { return }
            output.append(contentsOf: text.part(end, start))
            output.append(contentsOf: content)
            end = stop
        }
        if output.count <= most { output.append(contentsOf: text.part(end, text.count)) }
    }
}
