internal import Foundation

/// How a model did on rows that nothing of it was learnt from or chosen by.
struct TestFigures: Sendable {
    /// How many rows there were.
    let rows: Int
    /// Every figure by metric; of several heads by `HEAD.METRIC`.
    let scores: [String: Double]
}

/// `README.md` of a model's folder: what the model is, for people, and for hubs as YAML metadata, in the form of Hugging Face's model cards
/// (https://huggingface.co/docs/hub/model-cards).
///
/// Everything in it follows from the model, so that the same training leaves the same card. It names no place on the maker's machine.
struct ModelCard {
    /// The file's name, which hubs ask for.
    static let fileName = "README.md"
    /// The most classes that are named.
    private static let mostClasses = 50
    private let model: FusionModel

    init(_ model: FusionModel) { self.model = model }

    func write(into folder: URL) throws {
        try AtomicFile.write(text, to: folder.appendingPathComponent(Self.fileName))
    }

    var text: String { "---\n\(metadata)---\n\n\(body)" }

    // MARK: Metadata

    private var metadata: String {
        var lines = [
            "library_name: braid",
            "# license: the licence that you give the model, for example apache-2.0; those of encoders and data may bind you",
            "tags:",
        ]
        lines += tags.map { "- \(Self.quoted($0))" }
        if let pipeline { lines.append("pipeline_tag: \(pipeline)") }
        let bases = model.modalities.compactMap { base($0) }
        if !bases.isEmpty { lines += ["base_model:"] + Set(bases).sorted().map { "- \(Self.quoted($0))" } }
        return (lines + index).map { $0 + "\n" }.joined()
    }

    private var tags: [String] {
        var tags = ["braid"]
        for tag in model.modalities.map(\.plain.rawValue) + model.settings.heads.map(\.kind.name) + [
            model.settings.fusion.kind.name
        ]
        where !tags.contains(tag) {
            tags.append(tag)
        }
        return tags
    }

    /// The hub's name for what the model does; nil where it has none, as for several modalities at once.
    private var pipeline: String? {
        guard model.modalities.count == 1, model.targets.count == 1, let modality = model.modalities.first?.plain else {
            return nil
        }
        let isNumber = model.targets[0].form == .number
        switch modality {
        case .image, .text, .audio: return isNumber ? nil : "\(modality.rawValue)-classification"
        case .tabular: return isNumber ? "tabular-regression" : "tabular-classification"
        default: return nil
        }
    }

    /// `model-index`: the figures of the test split; nothing where there are none.
    private var index: [String] {
        guard let tested = model.tested, tested.rows > 0 else { return [] }
        let results = model.targets.flatMap { target in result(target, tested) }
        guard !results.isEmpty else { return [] }
        return ["model-index:", "- name: \(Self.quoted("braid-\(model.settings.fusion.kind.name)"))", "  results:"] + results
    }

    private func result(_ target: Target, _ tested: TestFigures) -> [String] {
        let prefix = model.targets.count > 1 ? "\(target.name)." : ""
        let metrics = target.allMetrics.compactMap { metric in
            tested.scores[prefix + metric.name].flatMap { value in value.isFinite ? (metric, value) : nil }
        }
        guard !metrics.isEmpty else { return [] }
        let task = pipeline ?? (target.form == .number ? "regression" : "classification")
        var lines = [
            "  - task:", "      type: \(task)", "      name: \(Self.quoted(target.name))", "    dataset:", "      type: manifest",
            "      name: \(Self.quoted("the manifest's test split, \(tested.rows) rows"))", "      split: test", "    metrics:",
        ]
        for (metric, value) in metrics {
            lines += [
                "    - type: \(Self.hubName(metric))", "      name: \(Self.quoted(metric.title))",
                "      value: \(Self.number(value))",
            ]
        }
        return lines
    }

    /// What the hub calls a metric, where it knows it.
    private static func hubName(_ metric: Metric) -> String {
        switch metric {
        case .macroF1, .microF1, .weightedF1: "f1"
        case .auroc: "roc_auc"
        case .brier: "brier_score"
        case .r2: "r_squared"
        case .spearman: "spearmanr"
        default: metric.name
        }
    }

    /// As YAML 1.1 reads a number, which wants a point in front of an exponent.
    private static func number(_ value: Double) -> String {
        let text = "\(value)"
        guard let exponent = text.firstIndex(of: "e"), !text.contains(".") else { return text }
        return "\(text[..<exponent]).0\(text[exponent...])"
    }

    /// A string of JSON's is one of YAML's.
    private static func quoted(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let data = (try? encoder.encode(Printable.name(text))) ?? Data("\"\"".utf8)
        return String(decoding: data, as: UTF8.self)
    }

    /// The hub's id of an encoder's weights; nil where they came from elsewhere.
    private func base(_ modality: Modality) -> String? {
        guard let name = model.encoders[modality]?.shownName, WeightsFolder.repository(name) != nil else { return nil }
        return String(name.split(separator: "@")[0])
    }

    // MARK: Text

    private var body: String {
        let inputs = model.modalities.map(\.rawValue).map(Self.code)
        let outputs = model.targets.map { Self.code($0.name) }
        let gaps = model.modalities.count > 1 ? " Any of them may be missing in a sample." : ""
        var parts = [
            "# \(Self.listed(outputs)) from \(Self.listed(inputs))",
            "Made by Braid \(Version.current). The model predicts \(Self.listed(outputs)) from \(Self.listed(inputs)).\(gaps)",
            Self.table(["input", "encoder", "weights"], model.modalities.map(encoder)),
            Self.table(["prediction", "task", "values"], zip(model.targets, model.settings.heads).map { head($0, $1) }),
            "Fusion: \(Self.code(model.settings.fusion.kind.name)). Parameters: \(model.parameterCounts.all), the encoders' among them.",
            "## Use",
            "```sh\nbraid predict FOLDER \(example)\n```",
            "FOLDER is this folder. Nothing else is needed, and nothing is downloaded.",
        ]
        parts.append("## Figures")
        if let tested = model.tested, tested.rows > 0 {
            parts.append(
                "The figures in this file's metadata are those of the \(tested.rows) rows of the test split. Nothing was learnt from them, and nothing was chosen by them. "
                    + "They say how well the model does on data like these, and nothing about other data.")
        } else {
            parts.append("None: this file was written without a test split.")
        }
        if !model.settings.manifestSHA256.isEmpty {
            parts.append("SHA-256 of the manifest: \(Self.code(model.settings.manifestSHA256))")
        }
        parts += [
            "## What Braid does not know",
            "Write here, before you publish the model: where the data are from and under which licence, what the model is for, what it is not for.",
        ]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private func encoder(_ modality: Modality) -> [String] {
        guard let encoder = model.encoders[modality] else { return [Self.code(modality.rawValue), "", ""] }
        // A model that was read again knows its encoders by their place in its folder.
        let weights = encoder.shownName == modality.rawValue ? "in this folder" : Self.code(encoder.shownName)
        return [Self.code(modality.rawValue), Self.code(encoder.architecture), weights]
    }

    private func head(_ target: Target, _ settings: HeadSettings) -> [String] {
        let left = target.classes.count - Self.mostClasses
        let classes = target.classes.prefix(Self.mostClasses).map(Self.code) + (left > 0 ? ["\(left) more"] : [])
        let values = target.form == .number ? "a number" : "\(target.classes.count) classes: \(classes.joined(separator: ", "))"
        return [Self.code(target.name), settings.kind.name, values]
    }

    /// One sample's options, as `braid predict` takes them.
    private var example: String {
        model.modalities.map { modality in
            let value =
                modality.plain == .image
                ? "a.jpg" : modality.plain == .audio ? "a.wav" : modality.plain == .text ? "'a text'" : "'{…}'"
            return modality.isPlain && modality != .tabular
                ? "--\(modality.rawValue) \(value)" : "--input \(modality.rawValue)=\(value)"
        }.joined(separator: " ")
    }

    /// A name in a code span, in which nothing of it acts.
    private static func code(_ name: String) -> String {
        let text = Printable.name(name).replacing("`", with: "'").replacing("|", with: "\\|")
        return text.isEmpty ? "(empty)" : "`\(text)`"
    }

    private static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
    }
}
