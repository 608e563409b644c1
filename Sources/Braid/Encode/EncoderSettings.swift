/// How one modality is encoded.
public struct EncoderSettings: Sendable, Equatable {
    /// An architecture, or a weights folder whose architecture and front end are taken; nil: what the weights say.
    public let encoder: String?
    /// A file or folder, a Hugging Face id, `bundled:NAME`, or `random`.
    public let weights: String
    /// How much of it is trained.
    public let train: Trainable
    /// What is asked of it beyond what its weights say.
    public let options: EncoderOptions
    /// How what it is trained on is changed.
    public let augmentation: AugmentationRecipe
    /// How it is trained, beside how much of it.
    public let tuning: EncoderTuning
    /// Of a table, its columns and how they are encoded; nil for other modalities, and where a model's folder says it.
    public let table: TableSettings?

    /// An encoder by its parts, for programs that bring no configuration.
    public init(
        encoder: String?, weights: String, train: Trainable, options: EncoderOptions = EncoderOptions(),
        augmentation: AugmentationRecipe = .none, tuning: EncoderTuning = EncoderTuning(), table: TableSettings? = nil
    ) {
        (self.encoder, self.weights, self.train, self.options) = (encoder, weights, train, options)
        (self.augmentation, self.tuning, self.table) = (augmentation, tuning, table)
    }

    /// The same with something else trained of it, or asked, or trained another way.
    func with(
        train: Trainable? = nil, options: EncoderOptions? = nil, tuning: EncoderTuning? = nil, table: TableSettings? = nil
    ) -> EncoderSettings {
        EncoderSettings(
            encoder: encoder, weights: weights, train: train ?? self.train, options: options ?? self.options,
            augmentation: augmentation, tuning: tuning ?? self.tuning, table: table ?? self.table)
    }

    /// Whether its statistics are to be fitted on the train rows of the manifest.
    var isFitted: Bool { weights == TableSettings.fitted }

    /// `modalities` with their learning rates read.
    ///
    /// - Parameters:
    ///   - shared: The rate of encoders that have none of their own.
    ///   - standard: What suits what is trained, where there is no shared one.
    static func readingRates(
        _ reader: inout ConfigurationReader, _ modalities: [Modality: EncoderSettings], shared: Double?,
        standard: (Modality, Trainable) -> Double
    ) -> [Modality: EncoderSettings] {
        var rated: [Modality: EncoderSettings] = [:]
        for modality in reader.modalities {
            let settings = modalities[modality]
            let train = settings?.train ?? .none
            let tuning = (settings?.tuning ?? EncoderTuning()).readingRate(
                &reader, modality, shared: shared, standard: standard(modality, train), isTrained: train != .none)
            rated[modality] = settings?.with(tuning: tuning)
        }
        return rated
    }

    /// Reads the keys of `modalities`: those that have any.
    static func read(_ reader: inout ConfigurationReader) -> [Modality: EncoderSettings] {
        var modalities: [Modality: EncoderSettings] = [:]
        for modality in reader.modalities { modalities[modality] = read(&reader, modality) }
        return modalities
    }

    private static func read(_ reader: inout ConfigurationReader, _ modality: Modality) -> EncoderSettings? {
        let path = "modalities.\(modality)"
        let isGiven = reader.has(path)
        let encoder = reader.optionalString(
            "\(path).encoder",
            "An architecture that braid models list shows, or a weights folder whose architecture and front end are taken. Default: what the weights say."
        )
        let isTable = modality.plain == .tabular
        let weights = reader.optionalString(
            "\(path).weights",
            isTable
                ? "fit: the train rows of the manifest say what the columns are like; or the folder of a model's encoder, which knows them. Default: fit."
                : "A file (.safetensors, .pth) or folder, a Hugging Face id (name@revision pins it), bundled:NAME, random, or a folder in PEFT's format, which names its base.",
            default: isTable && isGiven ? TableSettings.fitted : nil)
        if weights == TableSettings.fitted, !isTable {
            reader.fault("fit is for tables; name a file, a folder, a Hugging Face id, bundled:NAME, or random", "\(path).weights")
        }
        let train = Trainable.read(&reader, path, records: isGiven)
        let tuning = EncoderTuning(&reader, path, train)
        let options = EncoderOptions(&reader, modality, path)
        reader.refuse("\(path).precision", unless: train == .none, "acts only on a frozen encoder, train: none")
        let augmentation = AugmentationRecipe.read(&reader, modality, path, isTrained: train != .none)
        let table = isTable ? readTable(&reader, modality, path, encoder, weights, train) : nil
        guard isGiven else { return nil }
        if weights == nil {
            reader.fault("weights is missing; name a file, a folder, a Hugging Face id, bundled:NAME, or random", path)
        }
        return EncoderSettings(
            encoder: encoder, weights: weights ?? "", train: train, options: options, augmentation: augmentation, tuning: tuning,
            table: table)
    }

    /// Reads what only a table has, and refuses what acts on none.
    private static func readTable(
        _ reader: inout ConfigurationReader, _ modality: Modality, _ path: String, _ encoder: String?, _ weights: String?,
        _ train: Trainable
    ) -> TableSettings? {
        let isFitted = weights == nil || weights == TableSettings.fitted
        let settings = TableSettings(&reader, path, encoder: encoder, isFitted: isFitted)
        reader.refuse("\(path).precision", unless: false, "a table is encoded in fp32; leave it out")
        if isFitted, encoder == ColumnsKind.layered, train == .none {
            reader.fault("\(ColumnsKind.layered) begins at random; set train: all, or take encoder: \(ColumnsKind.plain)", path)
        }
        return settings
    }
}
