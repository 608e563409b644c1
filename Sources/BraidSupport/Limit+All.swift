extension Limit {
    /// The most bytes of a safetensors file's header.
    public static let headerBytes = Limit(
        "header-bytes", 25_000_000, "Bytes of a safetensors file's header. A model of 10,000 tensors has about 1,000,000.")

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

    /// The most faults that are gathered.
    public static let faults = Limit(
        "faults", 100_000, "Faults of one manifest, media that are not there among them, that are gathered before reading ends.")

    /// The most classes of a head.
    public static let classes = Limit(
        "classes", 10_000, "Classes of one head, each of which is counted against each other. iNaturalist has 10,000.")

    /// The most bytes of a document.
    public static let documentBytes = Limit(
        "document-bytes", 64_000_000, "Bytes of a configuration, of a JSON file beside weights, or of a list of labels.")

    /// The most values of a JSON document.
    public static let jsonValues = Limit(
        "json-values", 2_000_000, "Values of a JSON file beside weights. A table of 60,000 columns in 16 bins has about 1,500,000.")

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
        "media-bytes", 256_000_000, "Bytes of a picture's file. Recordings are read piece by piece, and may have any number.")

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

    /// Every limit, in the order of the table in docs/limits.md.
    public static let all: [Limit] = [
        headerBytes, tensors, columns, rowBytes, cellBytes, faults, classes, documentBytes, jsonValues, yamlNodes, layers,
        parameters,
        positions, textBytes, textCharacters, mediaBytes, pixels, inputPixels, batchValues, windowValues, audioSamples,
    ]
}
