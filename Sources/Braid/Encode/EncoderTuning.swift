internal import Torch

/// Whether batch norms learn statistics.
public enum BatchNormStatistics: String, CaseIterable, Sendable {
    /// A batch's own normalise in training, and the running ones follow them.
    case trained
    /// The pretrained running ones normalise, always.
    case frozen
}

/// How an encoder is trained, beside how much of it.
public struct EncoderTuning: Sendable, Equatable {
    /// A folder in PEFT's format whose adapter is put on top of the weights; nil for none.
    public let adapter: String?
    /// Whether batch norms learn statistics; nil: as what is trained wants it.
    public let batchNorm: BatchNormStatistics?
    /// The peak learning rate; nil: as the training or what is trained says.
    public let learningRate: Double?

    /// One by its parts, for programs that bring no configuration.
    public init(adapter: String? = nil, batchNorm: BatchNormStatistics? = nil, learningRate: Double? = nil) {
        (self.adapter, self.batchNorm, self.learningRate) = (adapter, batchNorm, learningRate)
    }

    /// Reads the keys of the encoder at `path`; the learning rate is read later, when the training's is known.
    init(_ reader: inout ConfigurationReader, _ path: String, _ train: Trainable) {
        adapter = reader.optionalString(
            "\(path).adapter",
            "A folder in PEFT's format (adapter_config.json and adapter_model.safetensors), whose LoRA or IA3 is put on top of the weights: frozen, or as the beginning of train: lora:R or ia3. Default: none."
        )
        batchNorm = reader.optionalChoice(
            "\(path).batch_norm",
            "Whether batch norms learn statistics. Default: trained for last:N, first:N, all and norm, frozen for bitfit; adapters always have them frozen."
        )
        reader.refuse(
            "\(path).batch_norm", unless: train != .none && !train.isAdapter,
            "acts only where the encoder's own weights are trained: train: last:N, first:N, all, bitfit or norm")
        learningRate = nil
    }

    private init(_ other: EncoderTuning, learningRate: Double) {
        self.init(adapter: other.adapter, batchNorm: other.batchNorm, learningRate: learningRate)
    }

    /// The same with the peak learning rate read, or what holds without the key: the `shared` one of all encoders, where there is one.
    func readingRate(
        _ reader: inout ConfigurationReader, _ modality: Modality, shared: Double?, standard: Double, isTrained: Bool
    ) -> EncoderTuning {
        let path = "modalities.\(modality).learning_rate"
        let rate = reader.read(
            path, shared ?? standard,
            "Peak learning rate of what is trained of the encoder. Default: training.encoder_learning_rate where that is given; else 0.001 for lora:R, ia3, bitfit and norm, and for last:N, first:N and all 0.00005 in text (0.00002 by training.contrastive), 0.001 for tables, 0.0001 else.",
            expected: "a number from 0 to 1000", schema: ["type": "number", "minimum": 0, "maximum": 1000],
            records: isTrained, parse: { given in given.double.flatMap { (0...1000).contains($0) ? $0 : nil } },
            represent: { .number($0) })
        reader.refuse(path, unless: isTrained, "acts only where the encoder is trained")
        return rate.map { EncoderTuning(self, learningRate: $0) } ?? self
    }
}

extension Trainable {
    /// Reads the keys that say what of the encoder at `path` is trained.
    static func read(_ reader: inout ConfigurationReader, _ path: String, records: Bool) -> Trainable {
        let train = reader.parsed(
            "\(path).train", Trainable.none,
            "What of the encoder is trained: none, last:N or first:N blocks, all, bitfit (biases), norm (scales and shifts of norms), lora:R (low-rank adapters), ia3 (scaling vectors).",
            expected: Trainable.expected, pattern: Trainable.pattern, parse: { Trainable($0) }, represent: \.text, records: records)
        let rank = train.lowRank?.rank ?? 8
        let (low, targets) = reader.acting(train.lowRank != nil, else: "acts only with train: lora:R") { reader in
            let alpha = reader.optionalDouble(
                "\(path).lora_alpha", 1e-6...1e6,
                "What LoRA's product is multiplied by, before it is divided by R, or with rslora by √R. Default: R.")
            let dropout = reader.double(
                "\(path).lora_dropout", 0, 0...0.99, "Share of a layer's inputs that its LoRA does not see, in training.")
            let targets = reader.strings(
                "\(path).lora_targets",
                "The layers that LoRA adapts, by the ends of their names, as PEFT's target_modules. Default: query and value of BERT, ViT and their relatives (qkv where that is one layer), c_attn of GPT-2; of other encoders every linear layer and ungrouped convolution."
            )
            let isStabilized = reader.bool("\(path).rslora", false, "Whether LoRA divides by √R (rsLoRA), for large R.")
            let isDecomposed = reader.bool(
                "\(path).dora", false, "Whether the length of each weight row is learnt by itself (DoRA).")
            let low = LowRank(
                rank: rank, alpha: alpha, dropout: dropout, isRankStabilized: isStabilized, isDecomposed: isDecomposed)
            return (low, targets)
        }
        return train.lowRank == nil ? train : .lora(low, targets: targets)
    }
}
