extension Limit {
    /// The most bytes of a safetensors file's header.
    public static let headerBytes = Limit(
        "header-bytes", 25_000_000,
        "Bytes of a safetensors file's header, or of the index of a checkpoint in several files. A model of 10,000 tensors has about 1,000,000."
    )

    /// The most tensors of one weights file.
    public static let tensors = Limit(
        "tensors", 100_000, "Tensors in one weights file. The largest models published have some 10,000.")

    /// The most bytes of a tensor's name.
    public static let tensorNameBytes = Limit(
        "tensor-name-bytes", 4_096, "Bytes of a tensor's name in a weights file. Published ones have less than 200.")

    /// The most files of one checkpoint.
    public static let shards = Limit(
        "shards", 1_000, "Files of a checkpoint in several. The largest models published have some 200.")

    /// The most bytes of the pickle in a file of `torch.save`.
    public static let pickleBytes = Limit(
        "pickle-bytes", 25_000_000,
        "Bytes of the pickle in a file of `torch.save`, the tensors' values apart. A model of 10,000 tensors has about 2,000,000.")

    /// The most objects that a pickle may make.
    public static let pickleObjects = Limit(
        "pickle-objects", 3_000_000, "Objects that such a pickle makes, keeps for later, or has waiting. A tensor takes some 40.")

    /// The most parameters of an encoder whose weights are drawn.
    public static let weightParameters = Limit(
        "weight-parameters", 2_000_000_000,
        "Values of an encoder's weights where no file holds them (`weights: random`); they are counted before the first is drawn. Each takes 4 bytes."
    )

    /// The most layers of an encoder.
    public static let encoderLayers = Limit(
        "encoder-layers", 1_000, "Layers that an encoder's `config.json` asks for. The deepest models published have some 200.")

    /// The most bytes of a JSON file.
    public static let jsonBytes = Limit(
        "json-bytes", 50_000_000, "Bytes of a JSON file that describes a model, such as `config.json` or `vocab.json`.")

    /// The most values of a JSON file.
    public static let jsonValues = Limit(
        "json-values", 1_000_000, "Values and names in such a file. Each takes some 200 bytes of memory.")

    /// How deep a JSON file may nest.
    public static let jsonDepth = Limit("json-depth", 100, "How deep objects and lists may be nested in JSON.")

    /// The most bytes of a tokenizer's file.
    public static let tokenizerBytes = Limit(
        "tokenizer-bytes", 64_000_000,
        "Bytes of a tokenizer's file: `tokenizer.json`, `vocab.txt`, `merges.txt`, a SentencePiece `.model`. Gemma's 262,144 tokens take 34,000,000."
    )

    /// The most tokens of a vocabulary.
    public static let vocabulary = Limit("vocabulary", 1_000_000, "Tokens in a tokenizer's vocabulary.")

    /// The most bytes of a vocabulary.
    public static let vocabularyBytes = Limit(
        "vocabulary-bytes", 8_000_000, "Bytes of all tokens of a vocabulary together. Gemma's have some 2,000,000.")

    /// The most bytes of a token.
    public static let tokenBytes = Limit(
        "token-bytes", 1_024, "Bytes of one token, of a text that a tokenizer looks for, or of what it puts in its place.")

    /// The most merges of a vocabulary.
    public static let merges = Limit("merges", 1_000_000, "Merges of a byte-pair tokenizer. Gemma has 514,906.")

    /// The most added tokens of a tokenizer.
    public static let addedTokens = Limit(
        "added-tokens", 20_000, "Tokens that a tokenizer finds in the text itself (`added_tokens`). Gemma has some 6,400.")

    /// The most components of a tokenizer.
    public static let tokenizerComponents = Limit(
        "tokenizer-components", 100,
        "Normalizers of a tokenizer, its pre-tokenizers, and the special tokens around a text: each of the three.")

    /// How much a tokenizer may lengthen a text.
    public static let textGrowth = Limit(
        "text-growth", 20,
        "How many times as long as it was a text may become while it is normalised, beyond 100,000 bytes. Published tokenizers need at most 11."
    )

    /// Every limit, in the order of the table in docs/limits.md.
    public static let all: [Limit] = [
        headerBytes, tensors, tensorNameBytes, shards, pickleBytes, pickleObjects, weightParameters, encoderLayers, jsonBytes,
        jsonValues,
        jsonDepth, tokenizerBytes, vocabulary, vocabularyBytes, tokenBytes, merges, addedTokens, tokenizerComponents, textGrowth,
    ]
}
