internal import BraidSupport

/// What Split cuts at and Replace replaces: a literal text, or one of the regular expressions that published tokenizers use.
///
/// Others are refused by name: no engine at hand agrees with the reference's (Oniguruma) and its Unicode tables.
enum Pattern: Sendable {
    case literal([UInt8])
    /// At least so many scalars of white space.
    case whiteSpace(atLeast: Int)
    /// At least two scalars of white space, or one that ends a line or is a tab.
    case longSpacesOrBreak
    /// At least so many U+0020.
    case spaces(atLeast: Int)
    case words(WordPattern)

    /// Reads `pattern`, {"String": …} or {"Regex": …}.
    init(_ settings: JSONObject) throws {
        let pattern = try settings.object("pattern")
        try pattern.allow("String", "Regex")
        if pattern.has("String") {
            let text = try pattern.shortBytes("String")
            guard !text.isEmpty else { throw pattern.fault("String must not be empty") }
            self = .literal(text)
            return
        }
        let expression = try pattern.string("Regex")
        _ = try pattern.shortBytes("Regex")
        if let known = Self.expressions[Array(expression.utf8)] {
            self = known
        } else if let text = Self.literal(expression) {
            self = .literal(text)
        } else {
            throw pattern.fault(
                "Regex \(expression) is not known; this version reads literal texts, \\s+, \\s{2,}|[\\n\\r\\t], \" {2,}\" and the patterns of GPT-2, "
                    + "GPT-4, GPT-4o, Llama 3, Qwen 2 and CLIP")
        }
    }

    /// Calls `body` with the start and end of each match, as leftmost as can be and none overlapping.
    @inline(__always)
    func forEachMatch(in text: Bytes, _ start: Int, _ end: Int, _ body: (Int, Int) -> Void) {
        let text = Bytes(rebasing: text[..<end])
        var index = start
        while index < end {
            if let stop = match(text, at: index) {
                body(index, stop)
                index = stop
            } else {
                index += text.scalar(at: index).length
            }
        }
    }

    @inline(__always)
    private func match(_ text: Bytes, at start: Int) -> Int? {
        switch self {
        case .words(let words): return words.match(text, at: start)
        case .literal(let literal): return text.starts(with: literal, at: start) ? start + literal.count : nil
        case .spaces(let least):
            var end = start
            while end < text.count, text[end] == 0x20 { end += 1 }
            return end - start >= least ? end : nil
        case .whiteSpace(let least):
            let (end, count) = Self.whiteSpace(text, from: start)
            return count >= least ? end : nil
        case .longSpacesOrBreak:
            let (end, count) = Self.whiteSpace(text, from: start)
            return count >= 2 || [0x09, 0x0A, 0x0D].contains(text[start]) ? end : nil
        }
    }

    /// Where the white space that begins at `start` ends, and of how many scalars it is.
    private static func whiteSpace(_ text: Bytes, from start: Int) -> (end: Int, count: Int) {
        var end = start
        var count = 0
        while end < text.count {
            let (scalar, length) = text.scalar(at: end)
            guard UnicodeTables.shared.traits(scalar).contains(.space) else { break }
            end += length
            count += 1
        }
        return (end, count)
    }

    /// The text of an expression that has no operator.
    private static func literal(_ expression: String) -> [UInt8]? {
        let operators = Array(#"\.[]{}()*+?^$|#&~-/"#.utf8)
        return expression.isEmpty || expression.utf8.contains(where: operators.contains) ? nil : Array(expression.utf8)
    }

    /// Keyed by bytes, as texts that are canonically equivalent are not the same pattern.
    private static let expressions: [[UInt8]: Pattern] = {
        let contractions = "'s|'t|'re|'ve|'m|'ll|'d"
        func modern(_ digits: String) -> String {
            #"(?i:\#(contractions))|[^\r\n\p{L}\p{N}]?\p{L}+|\#(digits)| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        let head = #"[^\r\n\p{L}\p{N}]?"#
        let named: [(String, Pattern)] = [
            (#"\s+"#, .whiteSpace(atLeast: 1)),
            (#"\s{2,}|[\n\r\t]"#, .longSpacesOrBreak),
            (" {2,}", .spaces(atLeast: 2)),
            (" +", .spaces(atLeast: 1)),
            (#"\#(contractions)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .words(.gpt2)),
            (modern(#"\p{N}{1,3}"#), .words(.llama3)),
            (modern(#"\p{N}"#), .words(.qwen2)),
            (#"\#(contractions)|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#, .words(.clip)),
            // As Transformers 5 writes it. The two are special tokens, which are cut out of a text before.
            (#"<\|startoftext\|>|<\|endoftext\|>|\#(contractions)|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#, .words(.clip)),
            (
                "\(head)\(upper)*\(lower)+(?i:\(contractions))?|\(head)\(upper)+\(lower)*(?i:\(contractions))?"
                    + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#, .words(.gpt4o)
            ),
        ]
        return Dictionary(named.map { (Array($0.0.utf8), $0.1) }) { first, _ in first }
    }()
}
