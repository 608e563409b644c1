internal import BraidSupport

/// A step that rewrites text before it is cut into words.
protocol Normalizer: Sendable {
    /// Appends the normalised `text` to `output`, which is empty. Whoever may lengthen a text many times stops once that has more than `most` bytes.
    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int)
    /// Whether what follows a scalar that is dropped stands in its place, as far as Metaspace's scheme "first" is concerned.
    var movesOrigin: Bool { get }
}

extension Normalizer {
    /// The same of a text that may become as long as it likes.
    func normalize(_ text: Bytes, into output: inout [UInt8]) { normalize(text, into: &output, most: .max) }
    var movesOrigin: Bool { false }
}

/// Normalizers one after the other.
struct NormalizerSequence: Normalizer {
    let steps: [any Normalizer]

    var movesOrigin: Bool { steps.contains { $0.movesOrigin } }

    func normalize(_ text: Bytes, into output: inout [UInt8], most: Int) {
        guard let first = steps.first else { return output.append(contentsOf: text) }
        first.normalize(text, into: &output, most: most)
        var previous: [UInt8] = []
        for step in steps.dropFirst() {
            if output.count > most { return }
            swap(&previous, &output)
            output.removeAll(keepingCapacity: true)
            previous.withUnsafeBufferPointer { step.normalize($0, into: &output, most: most) }
        }
    }
}

/// Reads the normalizer of a `tokenizer.json`.
enum NormalizerReader {
    private static let known = [
        "BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled", "Prepend", "Replace",
        "Sequence", "Strip", "StripAccents",
    ]

    static func read(_ settings: JSONObject) throws -> any Normalizer {
        var count = ComponentCount("normalizers")
        return try read(settings, depth: 0, &count)
    }

    private static func read(_ settings: JSONObject, depth: Int, _ count: inout ComponentCount) throws -> any Normalizer {
        try count.add(settings)
        guard depth < 16 else { throw settings.fault("normalizers are nested too deeply") }
        let type = try settings.string("type")
        switch type {
        case "BertNormalizer": return try BertNormalizer(settings)
        case "Precompiled": return try PrecompiledNormalizer(settings)
        case "Replace": return try ReplaceNormalizer(settings)
        case "Sequence":
            try settings.allow("normalizers")
            return NormalizerSequence(steps: try settings.objects("normalizers").map { try read($0, depth: depth + 1, &count) })
        case "Strip":
            try settings.allow("strip_left", "strip_right")
            return StripNormalizer(left: try settings.bool("strip_left"), right: try settings.bool("strip_right"))
        case "Prepend":
            try settings.allow("prepend")
            return PrependNormalizer(prefix: try settings.shortBytes("prepend"))
        default: break
        }
        guard known.contains(type) else { throw settings.unknown("normalizer", type, known) }
        try settings.allow()
        switch type {
        case "NFC": return UnicodeNormalizer(composes: true, compatibly: false)
        case "NFD": return UnicodeNormalizer(composes: false, compatibly: false)
        case "NFKC": return UnicodeNormalizer(composes: true, compatibly: true)
        case "NFKD": return UnicodeNormalizer(composes: false, compatibly: true)
        case "Lowercase": return LowercaseNormalizer()
        case "Nmt": return ScalarFilter.nmt
        case "StripAccents": return ScalarFilter.stripAccents
        default: return ByteLevelNormalizer()
        }
    }
}
