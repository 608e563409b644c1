internal import BraidHub
internal import Foundation
internal import Torch

/// An adapter in PEFT's format: `adapter_config.json`, and the tensors of `adapter_model.safetensors` or `.bin`.
struct AdapterFolder {
    let url: URL
    let method: AdapterMethod
    /// What of its tensors belongs to layers, by layer in the names of the model that it was made for, and part: `lora_A.weight`.
    private let parts: [String: [String: String]]
    private let file: any Checkpoint
    private let feeds: [String]

    static let configName = "adapter_config.json"
    private static let weightNames = ["adapter_model.safetensors", "adapter_model.bin"]
    private static let prefix = "base_model.model."
    static let partNames = ["lora_A.weight", "lora_B.weight", "lora_magnitude_vector", "ia3_l"]

    static func isOne(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.appendingPathComponent(configName).path)
    }

    /// Whether an adapter's weights lie in `url`, with what describes them or without.
    static func hasWeights(_ url: URL) -> Bool {
        weightNames.contains { FileManager.default.fileExists(atPath: url.appendingPathComponent($0).path) }
    }

    /// - Throws: `BraidError` where it is none, or one of a kind that is not read here.
    init(_ url: URL) throws {
        self.url = url
        guard Self.isOne(url) else {
            throw BraidError(.noInput, "\(url.path): is no adapter of peft: there is no \(Self.configName)")
        }
        let config = try JSONObject(url.appendingPathComponent(Self.configName))
        method = try Self.method(config)
        feeds = try Self.names("feedforward_modules", config, most: Limit.encoderLayers.value)
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        guard let name = Self.weightNames.first(where: names.contains) else {
            throw BraidError(.noInput, "\(url.path): has no adapter_model.safetensors")
        }
        file = try Checkpoints.open(url.appendingPathComponent(name))
        parts = try Self.parts(file, heads: Self.names("modules_to_save", config, most: Self.mostSaved))
        try check(config)
    }

    /// A few heads: each is looked for in every tensor's name.
    private static let mostSaved = 16

    /// A list of modules; a pattern, as PEFT allows in its place, gives none.
    private static func names(_ field: String, _ config: JSONObject, most: Int) throws -> [String] {
        let names = config.fields[field] as? [String] ?? []
        guard names.count <= most else { throw config.fault("\(field) names \(names.count) modules; expected at most \(most)") }
        return names
    }

    /// Whether each layer has the parts that the configuration says, and no other: of what is left out there would be no telling.
    private func check(_ config: JSONObject) throws {
        guard !parts.isEmpty else {
            throw BraidError(.badData, "\(file.path): holds no adapter (\(Self.partNames.joined(separator: ", ")))")
        }
        guard case .lowRank(let rank) = method else { return try checkParts(["ia3_l"]) }
        try checkParts(["lora_A.weight", "lora_B.weight"] + (rank.isDecomposed ? ["lora_magnitude_vector"] : []))
        for (layer, keys) in parts.sorted(by: { $0.key < $1.key }) {
            for (part, axis) in [("lora_A.weight", 0), ("lora_B.weight", 1)] {
                guard let key = keys[part], let shape = file.directory[key]?.shape else { continue }
                guard shape.indices.contains(axis), shape[axis] == rank.rank else {
                    throw config.fault("r is \(rank.rank), and \(part) of \(layer) in \(file.path) is \(shape)")
                }
            }
        }
    }

    private func checkParts(_ wanted: [String]) throws {
        for (layer, keys) in parts.sorted(by: { $0.key < $1.key }) {
            if let missing = wanted.first(where: { keys[$0] == nil }) {
                throw BraidError(.badData, "\(file.path): \(layer) has no \(missing), which \(Self.configName) asks for")
            }
            if let other = keys.keys.sorted().first(where: { !wanted.contains($0) }) {
                throw BraidError(.badData, "\(file.path): \(layer) has \(other), which \(Self.configName) says nothing of")
            }
        }
    }

    private static func method(_ config: JSONObject) throws -> AdapterMethod {
        let kind = try config.string("peft_type")
        guard kind == "LORA" else {
            guard kind == "IA3" else { throw config.fault("peft_type is \(kind); this version reads LORA and IA3") }
            return .scaling
        }
        guard try config.string("bias", "none") == "none", try !config.bool("lora_bias", false) else {
            throw config.fault("its biases were trained too (bias, lora_bias); merge it into its base with peft's merge_and_unload")
        }
        for name in ["rank_pattern", "alpha_pattern"] where try !config.object(name).fields.isEmpty {
            throw config.fault("\(name) gives layers numbers of their own; merge it into its base with peft's merge_and_unload")
        }
        for name in ["use_qalora", "use_bdlora", "layer_replication", "alora_invocation_tokens"] {
            guard config.has(name), config.fields[name] as? Bool != false else { continue }
            throw config.fault("\(name) is not read by this version; merge it into its base with peft's merge_and_unload")
        }
        let rank = try config.int("r")
        guard (1...1_000_000).contains(rank) else { throw config.fault("r must be 1 or more") }
        let alpha = try config.double("lora_alpha")
        guard alpha.isFinite, abs(alpha) <= 1e6 * Double(rank) else {
            throw config.fault("lora_alpha is \(alpha); no adapter has as much")
        }
        return .lowRank(
            LowRank(
                rank: rank, alpha: alpha, dropout: 0,
                isRankStabilized: try config.bool("use_rslora", false), isDecomposed: try config.bool("use_dora", false)))
    }

    private static func parts(_ file: any Checkpoint, heads: [String]) throws -> [String: [String: String]] {
        var parts: [String: [String: String]] = [:]
        for key in file.directory.keys.sorted() {
            let name = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
            if let part = partNames.first(where: { name.hasSuffix(".\($0)") }) {
                parts[String(name.dropLast(part.count + 1)), default: [:]][part] = key
            } else if !heads.contains(where: { name.hasPrefix("\($0).") || name.contains(".\($0).") }) {
                throw BraidError(
                    .badData, "\(file.path): \(key) is of no kind that this version reads (\(partNames.joined(separator: ", ")))")
            }
        }
        return parts
    }

    /// What it adapts, in the names of the model that it was made for.
    var layers: [String] { parts.keys.sorted() }

    /// nil where the layer has no such part.
    func tensor(_ layer: String, _ part: String) throws -> Tensor? {
        guard let key = parts[layer]?[part], let dtype = file.directory[key]?.dtype else { return nil }
        guard dtype.isFloatingPoint else {
            throw BraidError(.badData, "\(file.path): \(key) holds whole numbers (\(dtype)), expected floating-point ones")
        }
        // Not a view of the file: what is trained is written to.
        let tensor = try file.tensor(key).converted(to: .float32).cloned()
        if let damage = try WeightDamage.of(tensor, key) { throw BraidError(.badData, "\(file.path): \(key) \(damage)") }
        return tensor
    }

    /// What errors call the file of its tensors.
    var path: String { file.path }

    /// Where IA³ scales the layer: its file says so by the vector's shape, of a convolution the configuration.
    func side(_ layer: String) -> AdapterSide {
        guard let key = parts[layer]?["ia3_l"], let shape = file.directory[key]?.shape else { return .output }
        if shape.count == 2, shape[0] != shape[1] { return shape[0] == 1 ? .input : .output }
        return feeds.contains(where: layer.hasSuffix) ? .input : .output
    }

    /// SHA-256 of all that it consists of.
    func fingerprint() throws -> String {
        let config = try Fingerprint.of(url.appendingPathComponent(Self.configName))
        return try Fingerprint.of(URL(fileURLWithPath: file.path)) + config
    }

    /// Copies its two files.
    func copy(to folder: URL) throws {
        try FileFault.makeFolder(folder)
        let weights = URL(fileURLWithPath: file.path)
        for from in [url.appendingPathComponent(Self.configName), weights] {
            try FileFault.copy(from, to: folder.appendingPathComponent(from.lastPathComponent))
        }
    }

    /// The model that it was made for, as its configuration names it, with the revision; nil where it does not.
    static func base(_ url: URL) throws -> String? {
        let config = try JSONObject(url.appendingPathComponent(configName))
        let name = try config.string("base_model_name_or_path", "")
        let revision = try config.string("revision", "")
        guard !name.isEmpty else { return nil }
        return revision.isEmpty || name.contains("@") ? name : "\(name)@\(revision)"
    }
}
