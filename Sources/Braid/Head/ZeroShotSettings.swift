internal import Foundation

/// How sentences of classes make a classifier without training, where a configuration asks for one: a section's `labels` and `template`.
struct ZeroShotSettings: Sendable {
    /// The section of the keys.
    let section: String
    private let labels: String?
    private let templates: [String]

    /// Reads the keys of `section`.
    init(_ reader: inout ConfigurationReader, _ section: String) {
        self.section = section
        labels = reader.optionalString(
            "\(section).labels",
            "The classes' words, as braid zero-shot --labels takes them: names with commas between, or a file with a name a line, behind a tab the words that stand for it. They name the classes of the train split. Default: these, as they are written."
        )
        templates = reader.strings(
            "\(section).template",
            "Sentences with {} where the words go; of several a class is the mean. Default: a photo of {}; the sound of {}.")
    }

    /// The classes of a target, in its order, with their words.
    ///
    /// - Throws: `BraidError` where the words do not fit the classes.
    func words(for target: Target, in folder: URL) throws -> ZeroShotLabels {
        let place = ZeroShotLabels.Place.configuration(section, in: folder)
        guard let labels else { return try ZeroShotLabels(classes: target.classes, templates: templates, at: place) }
        return try ZeroShotLabels(labels, templates: templates, at: place).ordered(as: target.classes, at: place)
    }
}

/// What a head's weights are before the first step.
enum HeadBeginning: String, CaseIterable, Sendable {
    /// Drawn at random.
    case random
    /// Sentences of the classes, embedded by the text tower beside the encoder.
    case zeroShot = "zero-shot"

    /// Reads a head's key, and those of the sentences; nil where weights are drawn.
    ///
    /// - Parameters:
    ///   - path: The head's section.
    ///   - kind: The head's kind: one alone can begin with sentences.
    static func read(_ reader: inout ConfigurationReader, _ path: String, _ kind: HeadKind) -> ZeroShotSettings? {
        let canBegin = kind.name == HeadKind.normalizedLinear.name
        let beginning = reader.acting(canBegin, else: "acts only with head.type: \(HeadKind.normalizedLinear.name)") { reader in
            reader.choice(
                "\(path).init", HeadBeginning.random,
                "What the weights of a normalized-linear head begin with: random, or zero-shot, the text tower's embeddings of the classes (docs/zero-shot.md); head.type is then normalized-linear and fusion.type none where nothing else is said.",
                records: canBegin)
        }
        let isAsked = canBegin && beginning == .zeroShot
        let settings = reader.acting(isAsked, else: "acts only with head.init: zero-shot") { ZeroShotSettings(&$0, path) }
        return isAsked ? settings : nil
    }

    /// Whether the document asks a head at `path` to begin with sentences.
    static func isZeroShot(_ reader: ConfigurationReader, _ path: String) -> Bool {
        reader.document.leaves["\(path).init"]?.value.text == HeadBeginning.zeroShot.rawValue
    }

    /// Whether the document asks any head to.
    static func hasZeroShot(_ reader: ConfigurationReader) -> Bool {
        (["head"] + reader.names(under: "heads").map { "heads.\($0)" }).contains { isZeroShot(reader, $0) }
    }
}
