extension Limit {
    /// The most bytes of a safetensors file's header.
    public static let headerBytes = Limit(
        "header-bytes", 25_000_000,
        "Bytes of a safetensors file's header, or of the index of a checkpoint in several files. A model of 10,000 tensors has about 1,000,000."
    )

    /// The most tensors of one weights file.
    public static let tensors = Limit(
        "tensors", 100_000, "Tensors in one weights file. The largest models published have some 10,000.")

    /// The most columns of a manifest.
    public static let columns = Limit(
        "columns", 65_536, "Columns of a manifest; of JSON Lines, different keys. A table of gene expressions has some 60,000.")

    /// The most bytes of a manifest's row.
    public static let rowBytes = Limit(
        "row-bytes", 8_000_000, "Bytes of one row of a manifest. A novel has about 1,000,000.")

    /// The most bytes of a manifest's cell.
    public static let cellBytes = Limit(
        "cell-bytes", 4_000_000, "Bytes of one cell of a manifest. Longer texts can lie in files of their own.")

    /// The most bytes of a name in a manifest.
    public static let nameBytes = Limit(
        "name-bytes", 4096,
        "Bytes of a name in a manifest: of a column, an id, a group, a class. What is longer is a text that stands in the wrong column."
    )

    /// The most faults that are gathered.
    public static let faults = Limit(
        "faults", 100_000, "Faults of one manifest, media that are not there among them, that are gathered before reading ends.")

    /// The most classes of a head.
    public static let classes = Limit(
        "classes", 10_000, "Classes of one head, each of which is counted against each other. iNaturalist has 10,000.")

    /// The most bytes of a document.
    public static let documentBytes = Limit(
        "document-bytes", 64_000_000, "Bytes of a configuration or of a list of labels.")

    /// The most nodes of a YAML document.
    public static let yamlNodes = Limit(
        "yaml-nodes", 100_000, "Keys, values and lists of a configuration, each alias counted as what it stands for.")

    /// The most layers that a list may ask for.
    public static let layers = Limit("layers", 1000, "Layers that one list of sizes asks for, as head.hidden does.")

    /// The most values of weights that no file holds.
    public static let parameters = Limit(
        "parameters", 1_000_000_000,
        "Values of weights that are made anew: of fusion and heads together, or of an encoder with weights: random.")

    /// The most values of a table of positions.
    public static let positions = Limit(
        "positions", 20_000_000, "Values of a table of positions that is computed where no weights hold it, as Whisper's is.")

    /// The most bytes of a text's file.
    public static let textBytes = Limit("text-bytes", 16_000_000, "Bytes of a file that holds a text. A novel has about 1,000,000.")

    /// The most characters of a text that are tokenized.
    public static let textCharacters = Limit(
        "text-characters", 1_000_000,
        "Unicode scalars of a text that are looked at to find as many tokens as an encoder takes; what stands behind them is cut.")

    /// The most bytes of a medium's file that is read whole.
    public static let mediaBytes = Limit(
        "media-bytes", 256_000_000,
        "Bytes of a picture's file, or of a medium inside a Parquet file. Recordings in files of their own are read piece by piece, and may have any number."
    )

    /// The most pixels of a picture.
    public static let pixels = Limit(
        "pixels", 178_956_970, "Pixels of a picture that is decoded: Pillow's limit against decompression bombs.")

    /// The most pixels of a picture as an encoder takes it.
    public static let inputPixels = Limit(
        "input-pixels", 4_194_304,
        "Pixels of a picture as an encoder takes it: 2048 × 2048. Most take 224 × 224, and few more than 1024 × 1024.")

    /// The most values of a batch of pictures.
    public static let batchValues = Limit(
        "batch-values", 500_000_000,
        "Values of the pictures of one batch in training, three a pixel: 3,300 pictures of 224 × 224, or a smaller batch."
    )

    /// The most values of a window of a recording.
    public static let windowValues = Limit(
        "window-values", 50_000_000,
        "Values of one window of a recording in a front end, its frames times the samples of each. A minute at 32 kHz has some 6,000,000."
    )

    /// The most samples of a recording.
    public static let audioSamples = Limit(
        "audio-samples", 1_073_741_824, "Samples of one recording, all channels together: six hours of mono at 48 kHz.")

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

    /// The most layers of an encoder.
    public static let encoderLayers = Limit(
        "encoder-layers", 1_000, "Layers that an encoder's `config.json` asks for. The deepest models published have some 200.")

    /// The most bytes of a JSON file.
    public static let jsonBytes = Limit(
        "json-bytes", 50_000_000, "Bytes of a JSON file that describes a model, such as `config.json` or `vocab.json`.")

    /// The most values of a JSON file.
    public static let jsonValues = Limit(
        "json-values", 2_000_000,
        "Values and names in such a file. A table of 60,000 columns in 16 bins has about 1,500,000. Each takes some 200 bytes of memory."
    )

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
        "vocabulary-bytes", 16_000_000, "Bytes of all tokens of a vocabulary together. Gemma's 262,144 have some 2,000,000.")

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
        headerBytes, tensors, columns, rowBytes, cellBytes, nameBytes, faults, classes, documentBytes, yamlNodes, layers,
        parameters,
        positions, textBytes, textCharacters, mediaBytes, pixels, inputPixels, batchValues, windowValues, audioSamples,
        tensorNameBytes, shards, pickleBytes, pickleObjects, encoderLayers, jsonBytes, jsonValues, jsonDepth, tokenizerBytes,
        vocabulary, vocabularyBytes, tokenBytes, merges, addedTokens, tokenizerComponents, textGrowth,
    ]
}
