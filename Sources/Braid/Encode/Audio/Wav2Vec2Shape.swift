public import Torch

extension Wav2Vec2 {
    /// The relatives of wav2vec 2.0, by the `model_type` of their `config.json`.
    public enum Kind: String, Sendable, CaseIterable {
        /// Baevski et al. 2020, arXiv:2006.11477.
        case wav2vec2
        /// Hsu et al. 2021, arXiv:2106.07447: the same network, trained otherwise.
        case hubert
        /// Chen et al. 2021, arXiv:2110.13900: attention is biased by how far tokens are apart, as much as each token lets it.
        case wavlm

        var paper: String {
            switch self {
            case .wav2vec2: "arXiv:2006.11477"
            case .hubert: "arXiv:2106.07447"
            case .wavlm: "arXiv:2110.13900"
            }
        }

        /// The weights that people mostly take, and their licence.
        var usual: (name: String, licence: String) {
            switch self {
            case .wav2vec2: ("facebook/wav2vec2-base", "Apache-2.0")
            case .hubert: ("facebook/hubert-base-ls960", "Apache-2.0")
            case .wavlm: ("microsoft/wavlm-base", "CC-BY-SA-3.0")
            }
        }
    }

    /// The sizes that Transformers' `config.json` states.
    public struct Shape: Sendable {
        /// A convolution over samples, or over what the one in front of it gave.
        public struct Convolution: Sendable, Equatable {
            /// How many channels it gives.
            public let width: Int
            /// How many positions it sees at once.
            public let kernel: Int
            /// How many positions lie between two of its outputs.
            public let stride: Int
        }

        /// What normalises the convolutions' outputs.
        public enum ConvolutionNorm: String, Sendable, CaseIterable {
            /// The first one's channels, each over time; the others not at all.
            case group
            /// All of them, each position over its channels.
            case layer
        }

        /// The convolutions that make frames of samples.
        public let convolutions: [Convolution]
        /// What normalises their outputs.
        public let norm: ConvolutionNorm
        /// Whether they have biases.
        public let hasConvolutionBias: Bool
        /// What stands behind each of them, and behind the positions.
        public let convolutionActivation: Activation
        /// Whether frames are normalised in front of the projection.
        public let hasProjectionNorm: Bool
        /// The size of a token in each layer.
        public let hidden: Int
        /// How many Transformer layers there are.
        public let layers: Int
        /// How many attention heads each layer has; they divide `hidden` among them.
        public let heads: Int
        /// The size inside the feed-forward part of a layer.
        public let intermediate: Int
        /// What layer norms add to the variance.
        public let epsilon: Double
        /// The activation of the feed-forward part.
        public let activation: Activation
        /// How many tokens the convolution sees that makes positions.
        public let positionKernel: Int
        /// Into how many groups its channels fall.
        public let positionGroups: Int
        /// Whether norms stand in front of attention and perceptron, and one behind the last layer: the large models' form.
        public let isStable: Bool
        /// WavLM's distances: how many buckets, and from which one on all are alike; nil in the others.
        public let buckets: (count: Int, farthest: Int)?
        /// The share of values that is dropped behind the projection, in training.
        public let projectionDropout: Double
        /// The share of values that is dropped behind the embeddings, attention and feed-forward, in training.
        public let dropout: Double
        /// The share of attention weights that is dropped, in training.
        public let attentionDropout: Double
        /// The share of values that is dropped inside the feed-forward part, in training.
        public let activationDropout: Double

        /// The fewest samples that give a frame.
        var leastSamples: Int { convolutions.reversed().reduce(1) { ($0 - 1) * $1.stride + $1.kernel } }

        init(_ config: JSONObject, _ kind: Kind) throws {
            convolutions = try Self.convolutions(config)
            let normName = try config.string("feat_extract_norm", "group")
            guard let norm = ConvolutionNorm(rawValue: normName) else {
                throw config.fault("feat_extract_norm \(normName) is not known; this version has group and layer")
            }
            self.norm = norm
            hasConvolutionBias = try config.bool("conv_bias", false)
            convolutionActivation = try config.activation("feat_extract_activation", .gelu)
            hasProjectionNorm = kind == .hubert ? try config.bool("feat_proj_layer_norm", true) : true
            hidden = try config.int("hidden_size")
            layers = try config.int("num_hidden_layers")
            heads = try config.int("num_attention_heads")
            intermediate = try config.int("intermediate_size")
            epsilon = try config.positive("layer_norm_eps", 1e-5)
            activation = try config.activation("hidden_act", .gelu)
            positionKernel = try config.int("num_conv_pos_embeddings", 128)
            positionGroups = try config.int("num_conv_pos_embedding_groups", 16)
            isStable = try config.bool("do_stable_layer_norm", false)
            buckets = kind == .wavlm ? (try config.int("num_buckets", 320), try config.int("max_bucket_distance", 800)) : nil
            projectionDropout = try config.double("feat_proj_dropout", 0)
            dropout = try config.double("hidden_dropout", 0.1)
            attentionDropout = try config.double("attention_dropout", 0.1)
            activationDropout = try config.double("activation_dropout", 0.1)
            try check(config)
        }

        private static func convolutions(_ config: JSONObject) throws -> [Convolution] {
            let widths = try config.ints("conv_dim", Array(repeating: 512, count: 7))
            let kernels = try config.ints("conv_kernel", [10, 3, 3, 3, 3, 2, 2])
            let strides = try config.ints("conv_stride", [5, 2, 2, 2, 2, 2, 2])
            let isSane = (widths + kernels).allSatisfy((1...8192).contains) && strides.allSatisfy((1...64).contains)
            guard (1...16).contains(widths.count), kernels.count == widths.count, strides.count == widths.count, isSane else {
                throw config.fault(
                    "conv_dim, conv_kernel and conv_stride do not fit together: each needs a number of 1 or more a layer")
            }
            return widths.indices.map { Convolution(width: widths[$0], kernel: kernels[$0], stride: strides[$0]) }
        }

        private func check(_ config: JSONObject) throws {
            for name in ["add_adapter", "conv_pos_batch_norm"] where try config.bool(name, false) {
                throw config.fault("\(name) is true; this version has it false only")
            }
            guard !config.has("adapter_attn_dim") else {
                throw config.fault("adapter_attn_dim is given: layers with adapters for languages (MMS) are not known here")
            }
            let sizes = [hidden, layers, heads, intermediate, positionKernel, positionGroups]
            guard sizes.allSatisfy({ (1...100_000).contains($0) }), layers <= 1000, hidden.isMultiple(of: heads),
                hidden.isMultiple(of: positionGroups), leastSamples <= 1_000_000
            else {
                throw config.fault(
                    "the sizes do not fit together: all must be 1 or more, and num_attention_heads and num_conv_pos_embedding_groups must divide hidden_size"
                )
            }
            if let buckets,
                !(4...100_000).contains(buckets.count) || !buckets.count.isMultiple(of: 4)
                    || !(buckets.count / 4 + 1...1_000_000).contains(buckets.farthest)
            {
                throw config.fault("num_buckets must be a multiple of 4, and max_bucket_distance more than a quarter of it")
            }
        }
    }
}
