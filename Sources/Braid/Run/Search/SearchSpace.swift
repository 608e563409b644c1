internal import Foundation

/// A key that a search sets, and what to.
struct SearchedKey: Sendable, Equatable {
    enum Values: Sendable, Equatable {
        /// Any of these, in YAML.
        case choices([String])
        /// Any number between, evenly drawn, or its logarithm is.
        case range(ClosedRange<Double>, isLogarithmic: Bool, isWhole: Bool)
    }

    /// With the sections it lies in before it, joined with dots.
    let path: String
    let values: Values

    /// A value, in YAML.
    func draw(_ random: inout RandomSource) -> String {
        switch values {
        case .choices(let choices): return choices[Int.random(in: choices.indices, using: &random)]
        case .range(let range, let isLogarithmic, let isWhole):
            let share = Double.random(in: 0...1, using: &random)
            let (low, high) = (range.lowerBound, range.upperBound)
            let value = isLogarithmic ? low * pow(high / low, share) : low + (high - low) * share
            return isWhole ? "\(Int(bounded: value.rounded()))" : String(format: "%.4g", value)
        }
    }

    /// What can be tried whatever the recipe: values that others found good, around the defaults.
    static func standard(_ configuration: Configuration) -> [SearchedKey] {
        let kind = configuration.fusion.kind
        let types = FusionKind.fusions.filter { !$0.takesTokens }.map(\.name)
        let type = kind.isAutomatic ? [SearchedKey(path: "fusion.type", values: .choices(types))] : []
        return type + [
            SearchedKey(path: "fusion.dim", values: .choices(["64", "128", "256", "512"])),
            SearchedKey(path: "fusion.dropout", values: .range(0...0.6, isLogarithmic: false, isWhole: false)),
            SearchedKey(path: "fusion.modality_dropout", values: .range(0...0.4, isLogarithmic: false, isWhole: false)),
            SearchedKey(path: "fusion.landmarks", values: .choices(["0", "256", "512", "1024"])),
            SearchedKey(path: "training.learning_rate", values: .range(1e-4...1e-2, isLogarithmic: true, isWhole: false)),
            SearchedKey(path: "training.weight_decay", values: .range(1e-3...0.5, isLogarithmic: true, isWhole: false)),
            SearchedKey(path: "training.batch_size", values: .choices(["16", "32", "64", "128"])),
        ]
    }
}

/// How `braid search` looks for a better recipe.
public struct SearchSettings: Sendable {
    /// How many recipes are tried, the given one among them.
    public let trials: Int
    /// How many parts of the train split are held out in turn to judge a recipe; 0: the val split judges.
    public let folds: Int
    /// What the document names; empty where it names nothing.
    let space: [SearchedKey]
    /// Whether the document has anything of it.
    let isGiven: Bool

    private static let section = "search.space"

    /// Reads the keys of `search`.
    init(_ reader: inout ConfigurationReader) {
        isGiven = reader.has("search")
        trials = reader.int("search.trials", 27, 2...100_000, "braid search: how many recipes are tried.", records: false)
        folds = reader.int(
            "search.folds", 0, 0...100,
            "braid search: in how many parts the train split is divided, each held out in turn; 0: the val split judges.",
            records: false)
        if folds == 1 { reader.fault("expected 0, or 2 and more: one part leaves nothing to learn from", "search.folds") }
        space = Self.readSpace(&reader)
    }

    private static func readSpace(_ reader: inout ConfigurationReader) -> [SearchedKey] {
        reader.describe(
            section,
            "braid search: by key of fusion, head, heads or training, a list of values, or {low, high, log}. Default: what suits the fusion.",
            schema: ["type": "object"])
        let leaves = reader.document.leaves.filter { $0.key.hasPrefix(section + ".") }
        guard !leaves.isEmpty else { return [] }
        let known = knownTypes
        var found: [(position: Int, key: SearchedKey)] = []
        let ends = [".low", ".high", ".log"]
        let paths = Set(
            leaves.keys.map { path in ends.first(where: path.hasSuffix).map { String(path.dropLast($0.count)) } ?? path })
        var unknown = 0
        for place in paths.sorted() {
            let path = String(place.dropFirst(section.count + 1))
            for end in [""] + ends where leaves[place + end] != nil { reader.describe(place + end, "", schema: [:]) }
            let first = leaves[place] ?? leaves[place + ".low"] ?? leaves[place + ".high"]
            guard isSearchable(path), let type = known[generic(path)] else {
                // Looking for what was meant takes longer than all the rest, and of very many nobody reads it.
                unknown += 1
                let candidates = unknown <= ConfigurationReader.suggestions ? known.keys.filter(isSearchable) : []
                let near = nearest(to: path, in: candidates).map { "; did you mean \($0)?" } ?? ""
                reader.fault(
                    "is no key of fusion, head, heads or training that can be searched\(near)",
                    first == nil ? place + ".log" : place)
                continue
            }
            if let values = values(place, leaves, type, &reader) {
                found.append((first?.position ?? 0, SearchedKey(path: path, values: values)))
            }
        }
        return found.sorted { $0.position < $1.position }.map(\.key)
    }

    private static func values(
        _ place: String, _ leaves: [String: ConfigurationDocument.Leaf], _ type: String, _ reader: inout ConfigurationReader
    ) -> SearchedKey.Values? {
        if let leaf = leaves[place] {
            if let items = leaf.value.items, !items.isEmpty { return .choices(items.map(\.yaml)) }
            reader.fault("expected a list of values, or {low: …, high: …}", place)
            return nil
        }
        let isLogarithmic = leaves[place + ".log"]?.value.bool
        if leaves[place + ".log"] != nil, isLogarithmic == nil { reader.fault("expected true or false", place + ".log") }
        guard let low = leaves[place + ".low"]?.value.double, let high = leaves[place + ".high"]?.value.double, low < high,
            max(abs(low), abs(high)) <= largest, type == "integer" || type == "number"
        else {
            reader.fault("expected two numbers, low below high, of a key that takes numbers", place + ".low")
            return nil
        }
        if isLogarithmic == true, low <= 0 {
            reader.fault("a logarithmic range begins above 0", place + ".low")
            return nil
        }
        return .range(low...high, isLogarithmic: isLogarithmic ?? false, isWhole: type == "integer")
    }

    /// No key takes larger numbers, and whole ones of this size are exact.
    private static let largest = 1e15

    /// Embeddings are made once, every trial has the same seed, and none leaves a model that would keep rows.
    private static func isSearchable(_ path: String) -> Bool {
        ["fusion.", "head.", "heads.", "training."].contains(where: path.hasPrefix)
            && !["training.seed", "training.preset", "training.time_limit", "training.drift_reference"].contains(path)
    }

    /// `heads.NAME.loss` as the schema has it.
    private static func generic(_ path: String) -> String {
        let parts = path.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "heads" ? "heads.*.\(parts[2])" : path
    }

    /// The JSON type of every key there is.
    private static var knownTypes: [String: String] {
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "", file: ""), describesAll: true)
        _ = Configuration(&reader, folder: URL(fileURLWithPath: "/"))
        return Dictionary(reader.keys.map { ($0.path, $0.schema["type"] as? String ?? "") }) { first, _ in first }
    }
}
