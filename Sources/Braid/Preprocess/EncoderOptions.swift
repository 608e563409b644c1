public import Torch

/// What a user may ask of an encoder, where its weights leave it open. Stored with a model, as `braid.json`.
public struct EncoderOptions: Sendable, Equatable {
    /// How a text's tokens become one embedding; text only.
    public private(set) var pooling: TextPoolingMode?
    /// Which of the weights' prompts stands in front of every text; text only.
    public private(set) var prompt: String?
    /// How many values of an embedding are kept, its first ones; text only.
    public private(set) var truncation: Int?
    /// Seconds; longer recordings are cut into windows of this length; audio only.
    public private(set) var window: Double?
    /// The share of a window that the next one repeats; audio only.
    public private(set) var overlap: Double?
    /// Which hidden state is taken of an encoder that lets it be chosen: 0 is what enters the first layer; nil for the last; audio only.
    public private(set) var layer: Int?
    /// What a frozen encoder computes in.
    public private(set) var precision: Precision?
    /// How large JPEGs are decoded; image only.
    public private(set) var decoding: JPEGDecoding?
    /// Which layers of an encoder in int8 stay in float32, as a training found out; nil where none has looked.
    private(set) var floatLayers: [Int]?
    /// The layout that the weights were in before Braid wrote them under its own names.
    private(set) var layout: String?

    /// What is asked; nil where nothing is.
    public init(
        pooling: TextPoolingMode? = nil, prompt: String? = nil, truncation: Int? = nil, window: Double? = nil,
        overlap: Double? = nil, precision: Precision? = nil, decoding: JPEGDecoding? = nil, layer: Int? = nil
    ) {
        (self.pooling, self.prompt, self.truncation) = (pooling, prompt, truncation)
        (self.window, self.overlap, self.precision, self.decoding, self.layer) = (window, overlap, precision, decoding, layer)
    }

    /// Reads the keys that act on a modality.
    init(_ reader: inout ConfigurationReader, _ modality: Modality, _ path: String) {
        precision = reader.optionalChoice(
            "\(path).precision",
            "What a frozen encoder computes in; bf16 needs a processor with AVX512-BF16, int8 one with AVX512-VNNI, and BERT or a relative. Default: fp32, or what a model's folder says."
        )
        decoding =
            modality.plain == .image
            ? reader.optionalChoice(
                "\(path).jpeg_decoding",
                "scaled: JPEGs of at least twice the size needed are decoded at a half, a quarter or an eighth of it, faster and not quite alike. Default: exact."
            ) : nil
        pooling =
            modality.plain == .text
            ? reader.optionalChoice(
                "\(path).pooling",
                "How tokens become one embedding. Default: what a sentence-transformers folder says, else mean, and lasttoken for GPT-2 and Qwen3."
            ) : nil
        prompt =
            modality.plain == .text
            ? reader.optionalString(
                "\(path).prompt",
                "The name of one of the prompts in the weights' config_sentence_transformers.json, which stands in front of every text. Default: what its default_prompt_name says."
            ) : nil
        truncation =
            modality.plain == .text
            ? reader.optionalInt(
                "\(path).truncate_dim", 1...1_000_000,
                "How many values of an embedding are kept, its first ones, for weights that were trained to be cut (Matryoshka); not normalised again. Default: what a sentence-transformers folder says, else all."
            ) : nil
        window =
            modality.plain == .audio
            ? reader.optionalDouble(
                "\(path).window", 0.1...86_400,
                "Seconds. Longer recordings are cut into windows of this length, whose embeddings are averaged. Default: 60; VGGish and YAMNet have windows of their own."
            ) : nil
        overlap =
            modality.plain == .audio
            ? reader.optionalDouble("\(path).overlap", 0...0.95, "Share of a window that the next one repeats. Default: 0.") : nil
        layer =
            modality.plain == .audio
            ? reader.optionalInt(
                "\(path).layer", 0...1000,
                "Which hidden state of wav2vec 2.0, HuBERT or WavLM is taken: 0 enters the first layer, N leaves the N-th. Default: the last one."
            ) : nil
    }

    static let fileName = "braid.json"

    /// Reads what was stored with a model.
    init(_ json: JSONObject) throws {
        func known<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice? where Choice.RawValue == String {
            guard json.has(name) else { return nil }
            guard let choice = Choice(rawValue: try json.string(name)) else {
                throw json.fault("\(name) is not one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return choice
        }
        pooling = try known("pooling")
        decoding = try known("jpeg_decoding")
        precision = try known("precision")
        prompt = json.has("prompt") ? try json.string("prompt") : nil
        truncation = json.has("truncate_dim") ? try json.int("truncate_dim") : nil
        window = json.has("window") ? try json.double("window") : nil
        overlap = json.has("overlap") ? try json.double("overlap") : nil
        layer = json.has("layer") ? try json.int("layer") : nil
        layout = json.has("layout") ? try json.string("layout") : nil
        floatLayers = json.has("int8_float_layers") ? try json.ints("int8_float_layers") : nil
        if let truncation, truncation < 1 { throw json.fault("truncate_dim must be 1 or more") }
        if let layer, !(0...1000).contains(layer) { throw json.fault("layer must lie in 0 ... 1000") }
        if let window, !(0.1...86_400).contains(window) { throw json.fault("window must lie in 0.1 ... 86400 seconds") }
        if let overlap, !(0...0.95).contains(overlap) { throw json.fault("overlap must lie in 0 ... 0.95") }
    }

    /// As JSON fields; empty where nothing was asked.
    var fields: [String: Any] {
        var fields: [String: Any] = [:]
        fields["pooling"] = pooling?.rawValue
        fields["prompt"] = prompt
        fields["truncate_dim"] = truncation
        fields["precision"] = precision?.rawValue
        fields["jpeg_decoding"] = decoding?.rawValue
        fields["window"] = window
        fields["overlap"] = overlap
        fields["layer"] = layer
        fields["layout"] = layout
        fields["int8_float_layers"] = floatLayers
        return fields
    }

    /// These, and where they are silent, `others`.
    func merged(over others: EncoderOptions) -> EncoderOptions {
        var merged = EncoderOptions(
            pooling: pooling ?? others.pooling, prompt: prompt ?? others.prompt, truncation: truncation ?? others.truncation,
            window: window ?? others.window, overlap: overlap ?? others.overlap, precision: precision ?? others.precision,
            decoding: decoding ?? others.decoding, layer: layer ?? others.layer)
        merged.floatLayers = floatLayers ?? others.floatLayers
        merged.layout = layout ?? others.layout
        return merged
    }

    /// These, for weights that came in `layout`.
    func with(layout: String?) -> EncoderOptions { changed { $0.layout = layout } }

    /// These, with what was found out about int8; where that is not the precision, nothing.
    func with(floatLayers: [Int]?) -> EncoderOptions { changed { $0.floatLayers = floatLayers } }

    /// These, computed in `precision`.
    func with(precision: Precision) -> EncoderOptions { changed { $0.precision = precision } }

    private func changed(_ change: (inout EncoderOptions) -> Void) -> EncoderOptions {
        var options = self
        change(&options)
        return options
    }
}
