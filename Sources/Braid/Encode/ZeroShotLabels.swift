internal import Foundation

/// Classes that are named and described in words, and the sentences that are made of the words.
public struct ZeroShotLabels: Sendable, Equatable {
    /// A class.
    public struct Label: Sendable, Equatable {
        /// What predictions call it.
        public let name: String
        /// What stands in its sentences.
        public let words: String
    }

    /// Where classes and sentences were named: what errors call it, and where relative paths start.
    struct Place {
        let labels: String
        let template: String
        let base: URL
        let code: BraidError.Code

        /// The options of a command.
        static var command: Place {
            let base = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
            return Place(labels: "--labels", template: "--template", base: base, code: .usage)
        }

        /// Keys of a configuration under `section`, which lies in folder `base`.
        static func configuration(_ section: String, in base: URL) -> Place {
            Place(labels: "\(section).labels:", template: "\(section).template:", base: base, code: .badConfiguration)
        }
    }

    /// The classes, in the order of the answers.
    public let labels: [Label]
    /// Sentences with `{}` where a class's words go; those of each modality, where none is given.
    public let templates: [String]

    /// What sentences begin as in a modality, where no template is given.
    static func standardTemplates(_ modality: Modality) -> [String] {
        modality == .audio ? ["the sound of {}"] : ["a photo of {}"]
    }

    /// Reads the classes.
    ///
    /// - Parameters:
    ///   - text: Names with commas between, or a text file with a name a line; behind a tab may stand the words that describe it.
    ///   - templates: Sentences with `{}` in them; none for the modality's own.
    /// - Throws: `BraidError` where the file cannot be read, there are fewer than two classes, two have a name, or a template has no `{}`.
    public init(_ text: String, templates: [String] = []) throws { try self.init(text, templates: templates, at: .command) }

    /// Reads those of a configuration too. Throws the same errors, in the words of `place`.
    init(_ text: String, templates: [String], at place: Place) throws {
        let url = Paths.resolve(text, in: place.base).standardizedFileURL
        let isFile = FileManager.default.fileExists(atPath: url.path)
        if !isFile, !text.contains(","), text.hasSuffix(".txt") || text.hasSuffix(".tsv") {
            throw BraidError(.noInput, "\(place.labels) \(text): there is no such file")
        }
        let lines =
            isFile ? try Self.lines(of: url, place) : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        labels = lines.map { line in
            let parts = line.split(separator: "\t", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            return Label(name: parts.first ?? "", words: parts.count == 2 ? parts[1] : parts.first ?? "")
        }
        self.templates = templates
        guard labels.count <= Limit.classes.value else {
            throw Limit.classes.exceeded("\(place.labels) has \(labels.count) classes", file: isFile ? url.path : nil)
        }
        let names = labels.map(\.name)
        guard labels.count >= 2, labels.allSatisfy({ !$0.name.isEmpty && !$0.words.isEmpty }) else {
            throw BraidError(
                place.code,
                "\(place.labels) \(text): expected two names or more with commas between, none of them empty, or a file with a name a line"
            )
        }
        var seen: Set<String> = []
        if let twice = names.first(where: { !seen.insert($0).inserted }) {
            throw BraidError(place.code, "\(place.labels) \(text): \(twice) is named twice")
        }
        try Self.check(templates, place)
    }

    /// Classes whose names are the words.
    ///
    /// - Throws: `BraidError` where a template has no `{}`.
    init(classes: [String], templates: [String], at place: Place) throws {
        labels = classes.map { Label(name: $0, words: $0) }
        self.templates = templates
        try Self.check(templates, place)
    }

    private init(_ labels: [Label], _ templates: [String]) { (self.labels, self.templates) = (labels, templates) }

    private static func check(_ templates: [String], _ place: Place) throws {
        for template in templates where !template.contains("{}") {
            throw BraidError(
                place.code, "\(place.template) \(template.debugDescription): expected a sentence with {} where the label goes")
        }
    }

    private static func lines(of url: URL, _ place: Place) throws -> [String] {
        let data = try InputFile.document(url, place.labels, code: .badData)
        guard let text = String(validating: data, as: UTF8.self) else {
            throw BraidError(.badData, "\(place.labels) \(url.path): cannot be read as UTF-8")
        }
        return text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
    }

    /// The names, in the order of the answers.
    var names: [String] { labels.map(\.name) }

    /// The same classes in the order of `classes`.
    ///
    /// - Throws: `BraidError` that lists classes which have no words, and words of what is no class.
    func ordered(as classes: [String], at place: Place) throws -> ZeroShotLabels {
        let words = Dictionary(uniqueKeysWithValues: labels.map { ($0.name, $0) })
        let missing = classes.filter { words[$0] == nil }
        let known = Set(classes)
        let others = names.filter { !known.contains($0) }
        var faults: [String] = []
        if !missing.isEmpty { faults.append("has no \(listed(missing))") }
        if !others.isEmpty { faults.append("names \(listed(others))") }
        guard faults.isEmpty else {
            throw BraidError(
                place.code,
                "\(place.labels) \(faults.joined(separator: ", and ")); the classes of the train split are \(listed(classes))"
            )
        }
        return ZeroShotLabels(classes.compactMap { words[$0] }, templates)
    }

    /// The sentences of each class.
    func prompts(_ modality: Modality) -> [[String]] {
        let templates = templates.isEmpty ? Self.standardTemplates(modality) : templates
        return labels.map { label in templates.map { $0.replacingOccurrences(of: "{}", with: label.words) } }
    }
}
