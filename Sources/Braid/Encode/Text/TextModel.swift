internal import Torch

/// An architecture of `TextTransformer`'s kind, as a `config.json` describes it.
protocol TextModel: Sendable {
    /// How many token ids there are: rows of the word embedding.
    var vocabulary: Int { get }
    /// The most tokens of a text, the special ones included.
    var longestText: Int { get }
    /// C, the size of a token.
    var hidden: Int { get }

    /// Reads a `config.json`.
    ///
    /// - Throws: `BraidError` where it asks for what is not built here.
    init(_ config: JSONObject) throws

    /// Asks `scope` for the weights.
    func parts(_ scope: Scope) throws -> TextTransformer.Parts
}

extension TextModel {
    /// The encoder whose weights lie in `scope`.
    func encoder(_ scope: Scope, pooling: TextPooling) throws -> TextTransformer {
        TextTransformer(try parts(scope), pooling: pooling, inference: scope.store.inference)
    }

    /// What builds it from a weights folder.
    ///
    /// - Parameter fallback: The pooling where nobody says anything.
    static func builder(
        _ name: String, paper: String, layouts: [KeyMap], adapters: AdapterTargets, otherwise fallback: TextPooling.Mode
    ) -> EncoderBuilder {
        EncoderBuilder(modality: .text, name: name, paper: paper, layouts: { _ in layouts }, adapters: adapters) { source in
            let model = try Self(source.config)
            let frontEnd = try TextFrontEnd(source, vocabulary: model.vocabulary, longestText: model.longestText)
            let pooling = try TextPooling(source, behind: frontEnd, hidden: model.hidden, otherwise: fallback)
            return (try model.encoder(source.scope, pooling: pooling), frontEnd)
        }
    }
}

extension JSONObject {
    /// Refuses sizes that no network has, by the names of their keys.
    func expectSizes(_ sizes: KeyValuePairs<String, Int>) throws {
        for (name, size) in sizes where !(1...10_000_000).contains(size) {
            throw fault("\(name) is \(size); it must lie in 1 ... 10000000")
        }
    }

    /// Refuses truth values other than those there is code for; an absent one is fine.
    func expect(_ name: String, _ value: Bool) throws {
        guard try bool(name, value) == value else { throw fault("\(name) is \(!value); this version has it \(value) only") }
    }
}

/// What a `config.json` says of rotary position embedding.
struct RotarySettings {
    /// What the slowest angle's wave is as long as.
    let base: Double

    /// Reads `rope_parameters`, of one kind of layers where `part` names it, and the keys of before: `rope_theta` and `rope_scaling`.
    ///
    /// - Parameters:
    ///   - config: The whole `config.json`.
    ///   - part: The key of this kind of layers in `rope_parameters`; nil where all layers have the same.
    ///   - old: What the key of the base was called.
    ///   - fallback: The base where nothing is said.
    init(_ config: JSONObject, part: String? = nil, old: String = "rope_theta", otherwise fallback: Double) throws {
        let all = try config.object("rope_parameters")
        if let part, !all.fields.isEmpty, !all.has(part) { throw config.fault("rope_parameters has no \(part)") }
        let settings = try part.map { try all.object($0) } ?? all
        base = try settings.double("rope_theta", config.double(old, fallback))
        guard base > 1 else { throw settings.fault("rope_theta is \(base); it must be beyond 1") }
        for place in [settings, try config.object("rope_scaling")] where !place.fields.isEmpty {
            for key in ["rope_type", "type"] {
                let type = try place.string(key, "default")
                guard type == "default" else { throw place.fault("\(key) is \(type); this version has default") }
            }
            guard try place.double("partial_rotary_factor", 1) == 1 else {
                throw place.fault("partial_rotary_factor must be 1 in this version")
            }
        }
        guard try config.double("partial_rotary_factor", 1) == 1 else {
            throw config.fault("partial_rotary_factor must be 1 in this version")
        }
    }
}
