public import BraidHub
public import Foundation
internal import Torch

/// What `braid models` shows and does.
public struct ModelCatalogue: Encodable, Sendable {
    /// An architecture, and what it is in the size of its usual weights.
    public struct Architecture: Encodable, Sendable {
        let modality: Modality
        let name: String
        let paper: String
        /// The usual weights and their licence; nil where none are published.
        let weights: String?
        let licence: String?
        /// nil where a file of the weights would have to say them.
        let parameters: Int?
        let input: String?
        let embedding: Int?
        /// nil where it was not measured.
        let speed: EncoderSpeed?

        init(_ builder: EncoderBuilder, isMeasured: Bool) throws {
            (modality, name, paper) = (builder.modality, builder.name, builder.paper)
            (weights, licence) = (builder.usual?.name, builder.usual?.licence)
            guard let outline = try? EncoderOutline(builder) else {
                guard !isMeasured else {
                    throw BraidError(
                        .usage,
                        "\(builder.name): nothing says its sizes; measure weights of it with braid models info WEIGHTS --measure")
                }
                (parameters, input, embedding, speed) = (nil, nil, nil, nil)
                return
            }
            (parameters, input, embedding) = (outline.parameters, outline.frontEnd.inputSize, outline.encoder.dimension)
            speed = try isMeasured ? EncoderSpeed(modality, drawn: builder) : nil
        }
    }

    let architectures: [Architecture]
    let bundled: [String]

    /// What `models list` shows under `name`, as a configuration would write it: bundled weights with `bundled:` before them. Anything else is given
    /// back.
    public static func weights(_ name: String) -> String {
        !FileManager.default.fileExists(atPath: name) && BundledWeights.names().contains(name) ? "bundled:\(name)" : name
    }

    /// Lists registered architectures, and the bundled weights that are found.
    ///
    /// - Parameters:
    ///   - parts: Names, or parts of names where there is no such name; none for all.
    ///   - isMeasured: Whether each is built with drawn weights and measured.
    ///   - reporter: Is told of progress.
    /// - Throws: `BraidError` where no name has such a part, or what is to be measured cannot be.
    public init(_ parts: [String] = [], isMeasured: Bool = false, reporter: any Reporter = SilentReporter()) throws {
        let all = EncoderRegistry.builders
        let names = Set(all.map(\.name))
        let chosen = all.filter { builder in
            parts.isEmpty || parts.contains { names.contains($0) ? builder.name == $0 : builder.name.contains($0) }
        }
        if let unknown = parts.first(where: { part in !chosen.contains { $0.name.contains(part) } }) {
            throw BraidError(.usage, "\(unknown) is part of no architecture's name. \(EncoderRegistry.advice(unknown, nil))")
        }
        let progress = isMeasured ? reporter.begin("measuring", total: chosen.count) : nil
        architectures = try chosen.map { builder in
            defer { progress?.advance() }
            return try Architecture(builder, isMeasured: isMeasured)
        }
        progress?.finish()
        bundled = parts.isEmpty ? BundledWeights.names() : []
    }

    /// One architecture alone, in each modality that has it.
    ///
    /// - Parameters:
    ///   - name: Its whole name.
    ///   - modality: The one to be shown; nil for all that have the name.
    ///   - isMeasured: Whether it is built with drawn weights and measured.
    /// - Throws: `BraidError` where there is none, or it cannot be measured.
    public init(architecture name: String, modality: Modality?, isMeasured: Bool) throws {
        let builders = EncoderRegistry.builders.filter { $0.name == name && (modality ?? $0.modality) == $0.modality }
        guard !builders.isEmpty else {
            throw BraidError(.usage, "\(name) is not an architecture. \(EncoderRegistry.advice(name, modality))")
        }
        architectures = try builders.map { try Architecture($0, isMeasured: isMeasured) }
        bundled = []
    }

    /// Whether a name is an architecture's.
    public static func has(_ name: String) -> Bool { EncoderRegistry.builders.contains { $0.name == name } }

    /// The lists as text: a line an architecture, by modality, then a line for each of the weights at hand.
    public var table: String {
        let width = max(12, architectures.map(\.name.count).max() ?? 0)
        let isMeasured = architectures.contains { $0.speed != nil }
        func line(_ cells: [String], _ speed: String) -> String {
            let columns = [
                cells[0].padding(toLength: width, withPad: " ", startingAt: 0), right(cells[1], 8), right(cells[2], 11),
                right(cells[3], 5), cells[4].padding(toLength: 12, withPad: " ", startingAt: 0),
            ]
            return "  " + (columns + (isMeasured ? [right(speed, 7)] : []) + [cells[5]]).joined(separator: " ")
        }
        var lines: [String] = []
        for modality in Modality.allCases {
            let rows = architectures.filter { $0.modality == modality }
            guard !rows.isEmpty else { continue }
            let sample = rows.compactMap(\.speed).first.map { "; 1/s: \($0.sample), \($0.batch) at once" } ?? ""
            lines.append("\(modality): \(rows.count)\(sample)")
            lines.append(line(["architecture", "weights", "input", "size", "licence", "paper"], "1/s"))
            lines += rows.map { row in
                line(
                    [
                        row.name, row.parameters.map(Self.millions) ?? "–", row.input ?? "–", row.embedding.map(String.init) ?? "–",
                        row.licence ?? "–", Self.short(row.paper),
                    ], row.speed?.text ?? "–")
            }
        }
        if !bundled.isEmpty { lines.append("weights at hand: " + bundled.map { "bundled:\($0)" }.joined(separator: ", ")) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Each architecture, a property a line.
    public var details: String {
        architectures.map { row in
            var lines = ["modality:     \(row.modality)", "architecture: \(row.name) (\(row.paper))"]
            if let weights = row.weights, let licence = row.licence { lines.append("weights:      \(weights), \(licence)") }
            if let parameters = row.parameters { lines.append("parameters:   \(parameters)") }
            if let input = row.input, !input.isEmpty { lines.append("input:        \(input)") }
            if let embedding = row.embedding { lines.append("embedding:    \(embedding)") }
            if let speed = row.speed { lines.append("speed here:   \(speed.summary)") }
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    private func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A paper's number, or the beginning of what else it is.
    private static func short(_ paper: String) -> String {
        let text = paper.replacingOccurrences(of: "arXiv:", with: "")
        return text.count > 26 ? text.prefix(25) + "…" : text
    }

    private static func millions(_ count: Int) -> String { String(format: "%.1f M", Double(count) / 1e6) }

    /// Downloads a Hugging Face id into the cache; gives the folder. An id that is whole in the cache is not fetched again.
    public static func pull(_ name: String, reporter: any Reporter) throws -> URL {
        try HubClient(environment: HubEnvironment()).snapshot(of: HubRepository(name), reporter: reporter)
    }

    /// Computes the checksums of what the cache holds of a Hugging Face id, and compares them with the hub's.
    public static func verify(_ name: String) throws -> HubVerification {
        try HubClient(environment: HubEnvironment()).verify(HubRepository(name))
    }
}
