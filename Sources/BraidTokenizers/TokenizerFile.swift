internal import BraidSupport
internal import Foundation

/// A `tokenizer.json`. The model's vocabulary and merges, by far its largest part, stay bytes; all else is a JSONObject.
struct TokenizerFile {
    /// All but the model's `vocab` and `merges`, which are null in it.
    private(set) var root: JSONObject
    /// The model's settings.
    let model: JSONObject
    private let bytes: [UInt8]
    private let vocabulary: Int?
    private let merges: Int?

    init(_ url: URL) throws {
        try self.init(Array(InputFile.bytes(of: url, within: .tokenizerBytes)), url)
    }

    /// Reads the file's content; `url` is what errors call it.
    init(_ content: [UInt8], _ url: URL) throws {
        bytes = content
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw BraidError(.badData, "\(url.path): is not UTF-8; a tokenizer.json is")
        }
        let places: [String: Range<Int>]
        do {
            places = try bytes.withUnsafeBufferPointer { try Self.modelFields($0) }
        } catch let fault as JSONScanner.Fault {
            throw BraidError(.badData, "\(url.path): is not a JSON object: expected \(fault.expected) at byte \(fault.offset)")
        }
        let large = ["vocab", "merges"].compactMap { places[$0] }.sorted { $0.lowerBound < $1.lowerBound }
        var small: [UInt8] = []
        var end = 0
        for range in large {
            small.append(contentsOf: bytes[end..<range.lowerBound])
            small.append(contentsOf: "null".utf8)
            end = range.upperBound
        }
        small.append(contentsOf: bytes[end...])
        let rest = Data(small)
        try JSONText.check(rest, file: url.path)
        guard let fields = (try? JSONSerialization.jsonObject(with: rest)) as? [String: Any] else {
            throw BraidError(.badData, "\(url.path): is not a JSON object")
        }
        root = JSONObject(fields, path: url.path)
        model = try root.object("model")
        vocabulary = places["vocab"]?.lowerBound
        merges = places["merges"]?.lowerBound
    }

    /// The same with Lowercase in front of its normalizers, as sentence-transformers' `do_lower_case` has it.
    func lowercased() throws -> TokenizerFile {
        let own = try root.has("normalizer") ? root.object("normalizer") : nil
        let list = try own.map { try $0.has("normalizers") ? $0.objects("normalizers") : [$0] } ?? []
        guard !list.contains(where: { $0.fields["type"] as? String == "Lowercase" }) else { return self }
        var (file, fields) = (self, root.fields)
        fields["normalizer"] = ["type": "Sequence", "normalizers": [["type": "Lowercase"]] + list.map(\.fields)]
        file.root = JSONObject(fields, path: root.path)
        return file
    }

    /// The bytes that all its tokens have together at most: what a table of them is made for, and no more than real vocabularies fill.
    var roomForTokens: Int { min(1 << 17, bytes.count) }

    var hasMerges: Bool { merges != nil }

    /// Whether the vocabulary is a list, as Unigram's is.
    var vocabularyIsList: Bool { vocabulary.map { bytes[$0] == UInt8(ascii: "[") } ?? false }

    /// Gives each token and its id, in the order of the file.
    func forEachToken(_ body: (Bytes, Int32) throws -> Void) throws {
        try scan(vocabulary, "vocab", "an object of tokens and their ids") { scanner in
            var token: [UInt8] = []
            try scanner.expect("{")
            guard !scanner.skip("}") else { return }
            repeat {
                token.removeAll(keepingCapacity: true)
                try scanner.string(into: &token)
                try scanner.expect(":")
                let id = try scanner.id()
                try token.withUnsafeBufferPointer { try body($0, id) }
            } while try scanner.more(until: "}")
        }
    }

    /// Gives each token and its score, in the order of their ids.
    func forEachScore(_ body: (Bytes, Double) throws -> Void) throws {
        try scan(vocabulary, "vocab", "a list of tokens and their scores") { scanner in
            var token: [UInt8] = []
            try scanner.expect("[")
            guard !scanner.skip("]") else { return }
            repeat {
                token.removeAll(keepingCapacity: true)
                try scanner.expect("[")
                try scanner.string(into: &token)
                try scanner.expect(",")
                let score = try scanner.double()
                try scanner.expect("]")
                try token.withUnsafeBufferPointer { try body($0, score) }
            } while try scanner.more(until: "]")
        }
    }

    /// Gives each merge's two tokens, in the order of their ranks; both forms, `"a b"` and `["a", "b"]`, are read.
    func forEachMerge(_ body: ([UInt8], [UInt8]) throws -> Void) throws {
        try scan(merges, "merges", "a list of pairs of tokens") { scanner in
            try scanner.expect("[")
            guard !scanner.skip("]") else { return }
            repeat {
                var first: [UInt8] = []
                var second: [UInt8] = []
                if scanner.skip("[") {
                    try scanner.string(into: &first)
                    try scanner.expect(",")
                    try scanner.string(into: &second)
                    try scanner.expect("]")
                } else {
                    try scanner.string(into: &first)
                    if first.starts(with: "#version".utf8) { continue }
                    let parts = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
                    guard parts.count == 2 else {
                        throw model.fault("the merge \(String(decoding: first, as: UTF8.self)) is not two tokens and a space")
                    }
                    (first, second) = (Array(parts[0]), Array(parts[1]))
                }
                try body(first, second)
            } while try scanner.more(until: "]")
        }
    }

    private func scan(_ start: Int?, _ name: String, _ form: String, _ body: (inout JSONScanner) throws -> Void) throws {
        guard let start else { throw model.fault("\(name) is missing; expected \(form)") }
        do {
            try bytes.withUnsafeBufferPointer { buffer in
                var scanner = JSONScanner(buffer, from: start)
                try body(&scanner)
            }
        } catch let fault as JSONScanner.Fault {
            throw model.fault("\(name) must be \(form): expected \(fault.expected) at byte \(fault.offset)")
        }
    }

    /// Where the values of the model's fields lie.
    private static func modelFields(_ bytes: Bytes) throws -> [String: Range<Int>] {
        var places: [String: Range<Int>] = [:]
        var scanner = JSONScanner(bytes)
        try scanner.forEachField { name, scanner in
            guard name == "model", scanner.peek() == UInt8(ascii: "{") else { return try scanner.skipValue() }
            try scanner.forEachField { name, scanner in
                _ = scanner.peek()
                let start = scanner.offset
                try scanner.skipValue()
                guard places.count < 100 else { throw scanner.fault("fewer fields of the model") }
                guard places.updateValue(start..<scanner.offset, forKey: name) == nil else {
                    throw scanner.fault("\(name) once only")
                }
            }
        }
        return places
    }
}
