public import Torch

/// The sizes that Transformers' `config.json` states, and what tells the relatives of BERT apart.
public struct BertShape: Sendable {
    /// How positions are counted.
    public enum PositionRule: Sendable, Equatable {
        /// The first token has position 0, whatever the padding.
        case fromZero
        /// The first real token has the padding's id plus one, and padding is not counted: `behindPadding(padID)`.
        case behindPadding(Int)
    }

    /// How many token ids there are: rows of the word embedding.
    public let vocabulary: Int
    /// The size of a token in each layer.
    public let hidden: Int
    /// The size of what a token is looked up as: `hidden`, but for most ELECTRAs.
    public let embedding: Int
    /// How many Transformer layers there are.
    public let layers: Int
    /// How many attention heads each layer has; they divide `hidden` among them.
    public let heads: Int
    /// The size inside the feed-forward part of a layer.
    public let intermediate: Int
    /// Rows of the position embedding; `longestText` says how many of them a text can use.
    public let positions: Int
    /// Rows of the token type embedding; nil in DistilBERT and MPNet, which have none.
    public let types: Int?
    /// What layer norms add to the variance.
    public let epsilon: Double
    /// The share of values that is dropped behind the embeddings, attention and feed-forward, in training.
    public let dropout: Double
    /// The share of attention weights that is dropped, in training.
    public let attentionDropout: Double
    /// The activation of the feed-forward part.
    public let activation: Activation
    /// How positions are counted: from zero, or as RoBERTa does it.
    public let positionRule: PositionRule
    /// Rows of MPNet's table of relative positions; nil in all others.
    public let relativeBuckets: Int?

    /// The most tokens a text may have, the special ones included.
    public var longestText: Int {
        switch positionRule {
        case .fromZero: positions
        case .behindPadding(let padding): positions - padding - 1
        }
    }

    init(_ config: JSONObject, _ kind: BertKind) throws {
        let distilled = kind == .distilBert
        vocabulary = try config.int("vocab_size")
        hidden = try config.int(distilled ? "dim" : "hidden_size")
        embedding = kind == .electra ? try config.int("embedding_size", 128) : hidden
        layers = try config.int(distilled ? "n_layers" : "num_hidden_layers")
        heads = try config.int(distilled ? "n_heads" : "num_attention_heads")
        intermediate = try config.int(distilled ? "hidden_dim" : "intermediate_size")
        positions = try config.int("max_position_embeddings", 512)
        types = kind.hasTypes ? try config.int("type_vocab_size", 2) : nil
        epsilon = distilled ? 1e-12 : try config.positive("layer_norm_eps", 1e-12)
        dropout = try config.double(distilled ? "dropout" : "hidden_dropout_prob", 0.1)
        attentionDropout = try config.double(distilled ? "attention_dropout" : "attention_probs_dropout_prob", 0.1)
        activation = try config.activation(distilled ? "activation" : "hidden_act", .gelu)
        // MPNet's is 1 whatever its configuration says.
        let padding = kind == .mpnet ? 1 : try config.int("pad_token_id", 1)
        guard (0..<max(vocabulary, 1)).contains(padding) else { throw config.fault("pad_token_id must lie in 0 ..< vocab_size") }
        positionRule = kind.countsFromPadding ? .behindPadding(padding) : .fromZero
        relativeBuckets = kind == .mpnet ? try config.int("relative_attention_num_buckets", 32) : nil
        let position = try config.string("position_embedding_type", "absolute")
        guard position == "absolute" else {
            throw config.fault("position_embedding_type \(position) is not known; this version has absolute")
        }
        for name in ["is_decoder", "add_cross_attention", "is_encoder_decoder"] where try config.bool(name, false) {
            throw config.fault("\(name) is true; this version encodes with bidirectional models of this type only")
        }
        let sizes = [vocabulary, hidden, embedding, layers, heads, intermediate, positions, types ?? 1, relativeBuckets ?? 32]
        guard sizes.allSatisfy({ (1...10_000_000).contains($0) }), layers <= 1000, hidden.isMultiple(of: heads), longestText > 0,
            (relativeBuckets ?? 32) >= 32
        else { throw config.fault("the sizes do not fit together: all must be 1 or more, and heads must divide the hidden size") }
    }
}

/// The relatives of BERT, by the `model_type` of their `config.json`.
enum BertKind: String, CaseIterable {
    case bert
    case distilBert = "distilbert"
    case mpnet
    case roberta
    case xlmRoberta = "xlm-roberta"
    case camembert
    case electra

    var paper: String {
        switch self {
        case .bert: "arXiv:1810.04805"
        case .distilBert: "arXiv:1910.01108"
        case .mpnet: "arXiv:2004.09297"
        case .roberta: "arXiv:1907.11692"
        case .xlmRoberta: "arXiv:1911.02116"
        case .camembert: "arXiv:1911.03894"
        case .electra: "arXiv:2003.10555"
        }
    }

    /// The weights that people mostly take, their licence, and their sizes.
    var usual: (name: String, licence: String, config: String) {
        func base(_ vocabulary: Int, _ more: String = "") -> String {
            "{\"vocab_size\": \(vocabulary), \"hidden_size\": 768, \"num_hidden_layers\": 12, \"num_attention_heads\": 12, \"intermediate_size\": 3072\(more)}"
        }
        let roberta = ", \"max_position_embeddings\": 514, \"type_vocab_size\": 1"
        return switch self {
        case .bert: ("google-bert/bert-base-uncased", "Apache-2.0", base(30_522))
        case .distilBert:
            (
                "distilbert/distilbert-base-uncased", "Apache-2.0",
                #"{"vocab_size": 30522, "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072}"#
            )
        case .mpnet:
            ("sentence-transformers/all-mpnet-base-v2", "Apache-2.0", base(30_527, ", \"max_position_embeddings\": 514"))
        case .roberta: ("FacebookAI/roberta-base", "MIT", base(50_265, roberta))
        case .xlmRoberta: ("FacebookAI/xlm-roberta-base", "MIT", base(250_002, roberta))
        case .camembert: ("almanach/camembert-base", "MIT", base(32_005, roberta))
        case .electra: ("google/electra-base-discriminator", "Apache-2.0", base(30_522, ", \"embedding_size\": 768"))
        }
    }

    var hasTypes: Bool { self != .distilBert && self != .mpnet }
    var countsFromPadding: Bool { isRoberta || self == .mpnet }
    /// RoBERTa under whatever name: they differ in their tokenizers.
    private var isRoberta: Bool { self == .roberta || self == .xlmRoberta || self == .camembert }

    /// What the names of parameters begin with where a whole model was saved.
    private var prefix: String { isRoberta ? "roberta." : "\(rawValue)." }

    /// The names of the model itself, and of one saved with its head; the head is left out.
    var layouts: [KeyMap] {
        let heads = [
            "cls.", "lm_head.", "classifier.", "qa_outputs.", "vocab_transform.", "vocab_layer_norm.", "vocab_projector.",
            "pre_classifier.", "pooler.", "discriminator_predictions.", "generator_predictions.", "generator_lm_head.",
            "sequence_summary.",
        ]
        let prefixed = renamed.map { (from: prefix + $0.0, to: $0.1) } + [(from: prefix, to: "")]
        return [
            KeyMap("Hugging Face, with a head", markers: [prefix], renamed: prefixed, dropped: heads + ["\(prefix)pooler."]),
            KeyMap("Hugging Face", markers: ["embeddings."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["pooler."]),
        ]
    }

    /// From this model's names to BERT's, in each of as many layers as any model has.
    private var renamed: [(String, String)] {
        let perLayer: [(String, String)]
        let stem: String
        switch self {
        case .bert, .roberta, .xlmRoberta, .camembert, .electra: return []
        case .distilBert:
            stem = "transformer"
            perLayer = [
                ("attention.q_lin", "attention.self.query"), ("attention.k_lin", "attention.self.key"),
                ("attention.v_lin", "attention.self.value"), ("attention.out_lin", "attention.output.dense"),
                ("sa_layer_norm", "attention.output.LayerNorm"), ("ffn.lin1", "intermediate.dense"), ("ffn.lin2", "output.dense"),
                ("output_layer_norm", "output.LayerNorm"),
            ]
        case .mpnet:
            stem = "encoder"
            perLayer = [
                ("attention.attn.q", "attention.self.query"), ("attention.attn.k", "attention.self.key"),
                ("attention.attn.v", "attention.self.value"), ("attention.attn.o", "attention.output.dense"),
                ("attention.LayerNorm", "attention.output.LayerNorm"),
            ]
        }
        return (0..<Self.mostLayers).flatMap { layer in
            perLayer.map { ("\(stem).layer.\(layer).\($0.0).", "encoder.layer.\(layer).\($0.1).") }
        }
    }

    /// More than any published model of these families has.
    private static let mostLayers = 48
}

extension JSONObject {
    func activation(_ name: String, _ fallback: Activation) throws -> Activation {
        let text = try string(name, fallback.rawValue)
        guard let activation = Activation(named: text) else {
            throw fault(
                "\(name) \(text) is not known; this version has \(Activation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return activation
    }
}
