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
    public init(_ text: String, templates: [String] = []) throws {
        let url = URL(fileURLWithPath: text).standardizedFileURL
        let isFile = FileManager.default.fileExists(atPath: url.path)
        if !isFile, !text.contains(","), text.hasSuffix(".txt") || text.hasSuffix(".tsv") {
            throw BraidError(.noInput, "--labels \(text): there is no such file")
        }
        let lines = isFile ? try Self.lines(of: url) : text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        labels = lines.map { line in
            let parts = line.split(separator: "\t", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            return Label(name: parts.first ?? "", words: parts.count == 2 ? parts[1] : parts.first ?? "")
        }
        self.templates = templates
        let names = labels.map(\.name)
        guard labels.count >= 2, labels.allSatisfy({ !$0.name.isEmpty && !$0.words.isEmpty }) else {
            throw BraidError(
                .usage,
                "--labels \(text): expected two names or more with commas between, none of them empty, or a file with a name a line"
            )
        }
        var seen: Set<String> = []
        if let twice = names.first(where: { !seen.insert($0).inserted }) {
            throw BraidError(.usage, "--labels \(text): \(twice) is named twice")
        }
        for template in templates where !template.contains("{}") {
            throw BraidError(.usage, "--template \(template.debugDescription): expected a sentence with {} where the label goes")
        }
    }

    private static func lines(of url: URL) throws -> [String] {
        guard let data = try? Data(contentsOf: url), let text = String(data: data, encoding: .utf8) else {
            throw BraidError(.badData, "--labels \(url.path): cannot be read as UTF-8")
        }
        return text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
    }

    /// The names, in the order of the answers.
    var names: [String] { labels.map(\.name) }

    /// The sentences of each class.
    func prompts(_ modality: Modality) -> [[String]] {
        let templates = templates.isEmpty ? Self.standardTemplates(modality) : templates
        return labels.map { label in templates.map { $0.replacingOccurrences(of: "{}", with: label.words) } }
    }
}
