internal import BraidSupport
package import Foundation

/// Which files of a repository make a model that Braid can load.
package enum HubFiles {
    /// Taken as they are, where the repository has them.
    package static let companions =
        [
            "config.json", openCLIP, "preprocessor_config.json", "processor_config.json",
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt",
            "modules.json", "config_sentence_transformers.json", "README.md",
        ] + sentencePieces + sentenceSettings

    /// What SentencePiece's files are called.
    package static let sentencePieces = ["sentencepiece.bpe.model", "spiece.model", "spm.model"]

    /// What OpenCLIP describes its models by.
    package static let openCLIP = "open_clip_config.json"

    /// Where sentence-transformers puts the longest text; named after the encoder in its first versions.
    package static let sentenceSettings = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
        .map { "sentence_\($0)_config.json" }

    /// Companions that nothing reads: passed on with a model, and no lack where another program left them out.
    static let unread = ["README.md", "special_tokens_map.json"]

    /// Files that stand for a tokenizer.json where there is none.
    static let slowTokenizers = ["vocab.txt"] + bytePairs + sentencePieces

    /// The two files of byte-pair encoding.
    private static let bytePairs = ["vocab.json", "merges.txt"]

    /// Files that only the model of a text has.
    static let tokenizers = ["tokenizer.json", "tokenizer_config.json"] + slowTokenizers

    /// The weights: the first that the repository has. An index stands for the shards it names.
    package static let weights = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
        "open_clip_model.safetensors", "open_clip_pytorch_model.bin",
    ]

    /// Else the weights are the one file of the root that ends so.
    static let looseWeights = [".safetensors", ".pth", ".pt"]

    /// What to take, in the order of downloading: the weights of the root last, so that a snapshot that has them has the rest.
    struct Selection: Equatable {
        var companions: [String] = []
        var weights: [String] = []
        /// False where an index or `modules.json` has to be read before all is known.
        var isFinal = true
        var all: [String] { companions + weights }
        /// What a model cannot do without.
        var needed: [String] {
            let listed = Set(companions)
            return all.filter { name in
                let file = name.split(separator: "/").last.map(String.init) ?? name
                let place = String(name.dropLast(file.count))
                guard !unread.contains(file), slowTokenizers.contains(file) else { return !unread.contains(file) }
                // A vocab.json without merges is of letters, and of use to what writes down speech only.
                let isWhole = !bytePairs.contains(file) || bytePairs.allSatisfy { listed.contains(place + $0) }
                return isWhole && !listed.contains(place + "tokenizer.json")
            }
        }
    }

    /// Chooses among `listing`; `read` gives the content of a file that is there already.
    static func selection(of listing: [String], read: (String) throws -> JSONValue?) throws -> Selection {
        let listed = Set(listing)
        var chosen = Selection()
        chosen.companions = companions.filter(listed.contains)
        if listed.contains("modules.json") {
            if let modules = try read("modules.json") {
                for (folder, kind) in try self.modules(modules) where folder != "" {
                    var part = Selection()
                    part.companions = companions.map { "\(folder)/\($0)" }.filter(listed.contains)
                    try addWeights(of: folder + "/", listed, read, to: &part)
                    chosen.isFinal = chosen.isFinal && part.isFinal
                    if kind == transformer {
                        chosen.companions += part.companions
                        chosen.weights = part.weights
                    } else {
                        chosen.companions += part.all
                    }
                }
            } else {
                chosen.isFinal = false
            }
        }
        if chosen.weights.isEmpty { try addWeights(of: "", listed, read, to: &chosen) }
        if chosen.weights.isEmpty, let loose = looseWeights(of: listing) { chosen.weights = [loose] }
        return chosen
    }

    private static func addWeights(
        of prefix: String, _ listed: Set<String>, _ read: (String) throws -> JSONValue?, to chosen: inout Selection
    ) throws {
        guard let name = weights.map({ prefix + $0 }).first(where: listed.contains) else { return }
        guard name.hasSuffix(".index.json") else { return chosen.weights = [name] }
        chosen.companions.append(name)
        guard let index = try read(name) else { return chosen.isFinal = false }
        guard let map = index.object?["weight_map"] as? [String: String], !map.isEmpty else {
            throw BraidError(.badData, "\(name): weight_map is missing; it must name each tensor's file")
        }
        chosen.weights = Set(map.values).map { prefix + $0 }.sorted()
        for shard in chosen.weights where !listed.contains(shard) {
            throw BraidError(.badData, "\(name): names \(shard), which the repository does not have")
        }
    }

    /// The modules that a `modules.json` lists: where each lies, and the last name of its Python class.
    package static func modules(_ modules: JSONValue) throws -> [(path: String, kind: String)] {
        guard let entries = modules.list as? [[String: Any]] else {
            throw BraidError(.badData, "modules.json: must be a list of modules")
        }
        return entries.compactMap { entry in
            guard let path = entry["path"] as? String else { return nil }
            return (path, (entry["type"] as? String)?.split(separator: ".").last.map(String.init) ?? "")
        }
    }

    /// The last name of the class of the module that holds the weights.
    private static let transformer = "Transformer"

    /// The path within a folder that its `modules.json` gives the Transformer; empty where there is none, or another form of it.
    package static func transformer(in folder: URL) throws -> String {
        let file = folder.appendingPathComponent("modules.json")
        guard let all = try? modules(JSONValue(file)),
            let path = all.first(where: { $0.kind == transformer })?.path, !path.isEmpty
        else { return "" }
        guard HubRepository.isPath(path) else { throw BraidError(.badData, "\(file.path): the path \(path) leaves the folder") }
        return path
    }

    private static func looseWeights(of listing: [String]) -> String? {
        let root = listing.filter { !$0.contains("/") }
        for ending in looseWeights {
            let found = root.filter { $0.hasSuffix(ending) }
            if found.count == 1 { return found[0] }
        }
        return nil
    }
}

/// A JSON file's content.
package struct JSONValue {
    private let value: Any
    var object: [String: Any]? { value as? [String: Any] }
    var list: [Any]? { value as? [Any] }

    /// - Throws: `BraidError` where the file cannot be read, is larger than the limits let, or is no JSON.
    package init(_ url: URL) throws {
        guard let value = try JSONObject.value(url) else { throw BraidError(.badData, "\(url.path): is not JSON") }
        self.value = value
    }

    /// A text that stands for a file.
    package init(_ data: Data, path: String) throws {
        try JSONText.check(data, file: path)
        guard let value = try? JSONSerialization.jsonObject(with: data) else { throw BraidError(.badData, "\(path): is not JSON") }
        self.value = value
    }
}
