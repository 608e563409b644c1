internal import Torch

/// The text tower of CLAP (Wu et al. 2023, arXiv:2211.06687): RoBERTa, its pooler, and the projection into the space that it shares with sounds.
///
/// Parameters have the names that Transformers gives BERT's, and `pooler.dense`, `text_projection.linear1` and `text_projection.linear2` behind.
struct ClapText: BlockwiseEncoder {
    /// D, the size of an embedding.
    let dimension: Int
    /// C, the size of a token.
    var tokenDimension: Int { tower.tokenDimension }
    /// Path prefixes of the parameters: RoBERTa's embeddings and layers, then the pooler and the projection.
    let blocks: [[String]]
    /// Whether padding is left out of the computation, as it is where all weights are frozen and on the CPU.
    var skipsPadding: Bool { tower.skipsPadding }
    private let tower: Bert
    private let pooler: Linear
    private let projection: ClapProjection?

    /// Asks `scope` for the weights.
    ///
    /// - Parameters:
    ///   - scope: The model's place.
    ///   - shape: RoBERTa's sizes.
    ///   - projection: What brings the pooler's output into the shared space; nil for nothing.
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    init(_ scope: Scope, _ shape: BertShape, projection: (dimension: Int, activation: Activation)?) throws {
        tower = try Bert(scope, shape, pooling: TextPooling(modes: [.cls]))
        pooler = try Linear(scope / "pooler" / "dense", shape.hidden, shape.hidden, initializer: .normal(deviation: 0.02))
        self.projection = try projection.map {
            try ClapProjection(scope / "text_projection", shape.hidden, $0.dimension, $0.activation)
        }
        dimension = projection?.dimension ?? shape.hidden
        blocks = tower.blocks + [["pooler."] + (projection == nil ? [] : ["text_projection."])]
    }

    /// Encodes token ids, int64 `[B, T]`: `pooled` is `[B, D]`, `tokens` are `[B, T, C]`.
    ///
    /// - Throws: `TorchError` where a text is too long, or an id lies beyond the vocabulary.
    func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding { try projected(tower(input, mode: mode), mode) }

    /// The blocks are RoBERTa's; the last, pooler and projection, runs in `encoding`.
    ///
    /// - Throws: `TorchError` where a text is too long, or an id lies beyond the vocabulary.
    func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        try tower.run(range.clamped(to: 0..<tower.blocks.count), input, mode: mode)
    }

    /// Pools `[B, T, C]`, which are the tokens, to `[B, D]`.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    func encoding(_ last: Activations, mode: Mode) throws -> Encoding { try projected(tower.encoding(last, mode: mode), mode) }

    private func projected(_ encoding: Encoding, _ mode: Mode) throws -> Encoding {
        let pooled = try pooler(encoding.pooled, activation: .tanh, mode: mode)
        return Encoding(
            pooled: try projection?(pooled, mode: mode) ?? pooled.converted(to: .float32), tokens: encoding.tokens,
            tokenMask: encoding.tokenMask)
    }
}

extension ClapText: Int8Encoder {
    var floatLayers: Set<Int>? { tower.floatLayers }
    var int8Layers: Int { tower.int8Layers }
    func keepInFloat(_ layers: Set<Int>) { tower.keepInFloat(layers) }
}

extension ClapText {
    /// What Transformers takes where the text tower's settings leave something out.
    private static let defaults = [
        "vocab_size": 50_265, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
        "max_position_embeddings": 514, "type_vocab_size": 1,
    ]

    /// The names of the whole model, whose audio tower is left out, of a tower with its projection, and of a bare one.
    private static let layouts = [
        KeyMap(
            "Hugging Face", markers: ["text_model."], renamed: [(from: "text_model.", to: "")],
            dropped: ["audio_model.", "audio_projection.", "logit_scale_"])
    ]

    /// `clap`, the whole model, and `clap_text_model`, a tower by itself.
    static let builders = ["clap", "clap_text_model"].map { name in
        let isWhole = name == "clap"
        return EncoderBuilder(
            modality: .text, name: name, paper: "arXiv:2211.06687", layouts: { _ in layouts },
            adapters: AdapterTargets(
                lowRank: ["query", "value"], scaled: ["key", "value", "output.dense"], scaledInputs: ["output.dense"]),
            sharedSpace: isWhole ? SharedSpaceKeys(scale: "logit_scale_a") : nil,
            build: { source in
                let config = source.config
                let text = try isWhole ? config.object("text_config") : config
                let fields = defaults.mapValues { $0 as Any }.merging(text.fields) { _, stated in stated }
                let shape = try BertShape(JSONObject(fields, path: text.path), .roberta)
                let frontEnd = try TextFrontEnd(source, vocabulary: shape.vocabulary, longestText: shape.longestText)
                try source.options.refuseOtherPooling(than: .cls)
                let projects = isWhole || source.scope.holds("text_projection.linear1.weight")
                return (try ClapText(source.scope, shape, projection: projects ? config.clapProjection() : nil), frontEnd)
            }
        )
        .usually("laion/clap-htsat-unfused", licence: "Apache-2.0")
    }
}
