public import Foundation
internal import Synchronization
public import Torch

/// One modality's encoder with its weights and the front end that belongs to them.
///
/// Nothing of it changes once it is built but the values of weights that are trained.
public final class ModalityEncoder: @unchecked Sendable {
    /// What it encodes.
    public let modality: Modality
    /// For example `resnet18`.
    public let architecture: String
    /// What the configuration calls the weights.
    public let name: String

    /// What files that are passed on call the weights.
    var shownName: String { Paths.withoutPlace(name) }
    /// How much of it is trained.
    public let trainable: Trainable
    /// The network, which makes embeddings of a prepared batch.
    public let encoder: any Encoder
    /// What prepares samples as the weights expect them.
    public let frontEnd: any FrontEnd
    /// The encoder's own weights, by path.
    public let parameters: ParameterStore
    /// What loading did with each key; nil where the weights are random on demand.
    public let report: LoadReport?
    /// Where architecture and front end came from.
    let source: WeightsFolder
    /// What was asked of the encoder beyond what its weights say.
    let options: EncoderOptions
    /// What changes that which it is trained on.
    let augmenter: Augmenter
    /// The layout its weights came in; nil where that was Braid's own.
    let layout: String?
    /// Where the weights came from; nil where they are random.
    let weights: WeightsFolder?
    /// The fingerprint, once it was asked for.
    private let known = Mutex<String??>(nil)
    /// What is learnt beside its weights, or was and is folded into them.
    let adapters: EncoderAdapters
    /// What adapters began with: what stands for them in a checkpoint of before they were trained.
    let firstAdapters: [(tensor: Tensor, value: Tensor)]
    /// How many blocks lie in front of the first one that is trained.
    private(set) var frozenInFront = 0
    /// What int8 costs, once it was tried.
    private let int8 = Mutex<Int8Record?>(nil)
    var int8Record: Int8Record? { int8.withLock { $0 } }
    /// The `config.json` that a fit on train rows made; nil where there was none.
    let description: String?
    /// Whether it has no weights: it costs less than to look for what it gave before.
    let isParameterless: Bool
    /// What it was built from.
    let origin: (configuration: EncoderSettings, base: URL)

    /// Builds the encoder of `modality` that `configuration` asks for, on `device`. Paths start from `base`.
    ///
    /// `reporter` is told of downloads, and of front ends that had to be guessed.
    public init(
        _ modality: Modality, _ configuration: EncoderSettings, relativeTo base: URL, device: Device = .cpu,
        reporter: any Reporter = SilentReporter()
    ) throws {
        let asked = try AskedEncoder(modality, configuration, relativeTo: base, reporter: reporter)
        let (weights, source, config) = (asked.weights, asked.source, asked.config)
        let builder = try asked.builder(for: modality)
        let options = configuration.options.merged(over: try source.options())
        try EncoderSize.checkLayers(config)
        if weights == nil, !configuration.isFitted { try EncoderSize.checkDrawn(config, builder, options) }
        try Self.check(options, modality)
        let inference = try Self.inference(configuration.train, options.precision, device, modality)
        let layouts = try builder.layouts(config)
        let adapters = try EncoderAdapters(
            configuration, folder: Self.adapter(configuration, weights, base, modality), layouts: layouts,
            targets: builder.adapters, modality)
        let trainsStatistics = configuration.trainsStatistics(configuration.train)
        let files = builder.isParameterless && weights?.weights == nil ? nil : weights
        let store =
            try files.map {
                try ParameterStore(
                    loading: $0.open(), layouts: layouts, device: device, inference: inference, adapters: adapters.plan,
                    trainsStatistics: trainsStatistics)
            }
            ?? ParameterStore(
                device: device, inference: inference, adapters: adapters.plan, trainsStatistics: trainsStatistics)
        adapters.layout = layouts.first { $0.name == store.layout ?? options.layout }
        let parts = EncoderSource(
            scope: Scope(store), config: config, folder: source.place, root: source.folder, options: options)
        if files == nil, !builder.isParameterless {
            // What asks for more than it may is refused before any of it is made.
            let outline = EncoderSource(
                scope: Scope(.outline()), config: config, folder: source.place, root: source.folder, options: options)
            _ = try builder.build(outline)
        }
        let (network, frontEnd) = try builder.build(parts)
        (self.encoder, self.frontEnd) = (network, frontEnd)
        try store.report.check()
        if files != nil { reporter.detail(store.report.line(for: modality)) }
        try options.checkLayer(of: network, asked.architecture, modality)
        try Self.check(int8: inference, network, asked.architecture, options, modality)
        augmenter = try Augmenter(configuration.augmentation, modality, relativeTo: base)
        try augmenter.check(frontEnd.augments, of: asked.architecture)
        try adapters.check()
        firstAdapters = try store.entries.filter { $0.role == .adapter }.map { ($0.tensor, try $0.tensor.cloned()) }
        if modality.plain == .image, weights != nil, config.fields.isEmpty, let front = frontEnd as? ImageFrontEnd {
            reporter.note(
                "\(configuration.weights): no config.json says how pictures were prepared; taking torchvision's transform: \(front.summary)"
            )
        }
        self.adapters = adapters
        self.modality = modality
        architecture = asked.architecture
        name = configuration.weights
        trainable = configuration.train
        parameters = store
        report = files == nil ? nil : store.report
        description = asked.description
        isParameterless = builder.isParameterless
        self.source = source
        self.options = options
        layout = parts.layout
        self.weights = weights
        origin = (configuration, base)
        try freeze()
        frozenInFront = isFrozen ? 0 : frozenBlocks()
    }

    /// The adapter that is put on top of the weights: one that is named, or the one that lies with them.
    private static func adapter(
        _ configuration: EncoderSettings, _ weights: WeightsFolder?, _ base: URL, _ modality: Modality
    ) throws -> URL? {
        guard let name = configuration.tuning.adapter else { return weights?.adapter }
        guard weights?.adapter == nil else {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality).adapter: \(configuration.weights) has an adapter already; merge it first (braid merge)")
        }
        return Paths.resolve(name, in: base)
    }

    private static func check(_ options: EncoderOptions, _ modality: Modality) throws {
        let given = [
            ("pooling", options.pooling != nil, Modality.text), ("prompt", options.prompt != nil, .text),
            ("truncate_dim", options.truncation != nil, .text), ("window", options.window != nil, .audio),
            ("overlap", options.overlap != nil, .audio), ("jpeg_decoding", options.decoding != nil, .image),
            ("layer", options.layer != nil, .audio),
        ]
        for (name, isGiven, owner) in given where isGiven && owner != modality.plain {
            throw BraidError(.badConfiguration, "modalities.\(modality).\(name) acts only on \(owner); leave it out")
        }
    }

    /// What a frozen encoder computes in, on the CPU; nil where layers keep the form that can be trained.
    ///
    /// - Throws: `BraidError` where bf16 or int8 is asked for and cannot be had.
    private static func inference(
        _ train: Trainable, _ precision: Precision?, _ device: Device, _ modality: Modality
    ) throws -> Precision? {
        let precision = precision ?? .fp32
        guard precision != .fp32 else { return train == .none && device == .cpu ? .fp32 : nil }
        let place = "modalities.\(modality).precision: \(precision.rawValue)"
        guard train == .none else {
            throw BraidError(.badConfiguration, "\(place) acts only on a frozen encoder; set train: none, or leave it out")
        }
        guard device == .cpu else {
            throw BraidError(.badConfiguration, "\(place) acts only on the CPU in this version; leave it out, or set device: cpu")
        }
        guard precision.isSupported else {
            throw BraidError(
                .unavailable,
                "\(place): this processor has no \(precision.instructions), and emulating it is slower than fp32; leave it out")
        }
        return precision
    }

    /// That int8 was asked of an encoder that has it; such an encoder gets the layers that stay in float32, where they are known.
    private static func check(
        int8 inference: Precision?, _ encoder: any Encoder, _ architecture: String, _ options: EncoderOptions, _ modality: Modality
    ) throws {
        guard inference == .int8 else { return }
        guard let layered = encoder as? any Int8Encoder, layered.floatLayers != nil else {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality).precision: int8 is for \(BertKind.allCases.map(\.rawValue).joined(separator: ", ")) in this version, with an activation among gelu, gelu_new, relu and silu; not for this \(architecture). Set bf16, or leave it out"
            )
        }
        layered.keepInFloat(Set(options.floatLayers ?? []))
    }

    func noteInt8(_ record: Int8Record) { int8.withLock { $0 = record } }

    /// SHA-256 over all that its embeddings depend on: the weights, the front end's files, and the options. nil where the
    /// weights are random.
    func fingerprint() throws -> String? {
        try known.withLock { known in
            if known == nil { known = try .some(makeFingerprint()) }
            return known ?? nil
        }
    }

    private func makeFingerprint() throws -> String? {
        let own = try isParameterless ? "no weights" : weights?.fingerprint()
        guard var sums = own.map({ [$0] }) else { return nil }
        if let description { sums.append("config.json \(Fingerprint.of(description))") }
        if let folder = source.folder {
            // What Braid stored beside weights that it wrote stands in the options.
            sums += try source.companions.filter { !$0.hasSuffix(".md") && $0 != EncoderOptions.fileName }.map {
                "\($0) \(try Fingerprint.of(folder.appendingPathComponent($0)))"
            }
        }
        if let adapter = adapters.folder { sums.append("adapter \(try adapter.fingerprint())") }
        // With the layout that was found: a run's copy of the weights names it, and gives the same embeddings.
        sums += options.with(layout: layout).with(floatLayers: nil).fields.sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value)"
        }
        return Fingerprint.of(sums.joined(separator: "\n"))
    }

    /// The same encoder, its weights loaded anew, computing in float32.
    func inFloat32() throws -> ModalityEncoder {
        let configuration = origin.configuration.with(options: origin.configuration.options.with(precision: .fp32))
        return try ModalityEncoder(
            modality, configuration, relativeTo: origin.base, device: parameters.device, reporter: SilentReporter())
    }

    /// The least cosine between what prepared samples give in this precision and in float32.
    func leastCosine(_ prepared: [Tensor]) throws -> Double {
        try withoutGradient {
            let ours = try encode(prepared).pooled.normalized()
            let exact = try inFloat32().encode(prepared).pooled.normalized()
            return try -(ours * exact).sum([1]).scaled(by: -1).maximum([0]).item()
        }
    }

    /// Whether nothing of it is trained.
    public var isFrozen: Bool { trainable == .none }

    /// Encodes prepared samples. Frozen encoders behave as in use, whatever the mode.
    public func encode(_ prepared: [Tensor], mode: Mode = .evaluate) throws -> Encoding {
        let input = try frontEnd.collate(prepared).moved(to: parameters.device)
        let mode = isFrozen ? .evaluate : mode
        let total = input.values.shape[0]
        let ranges = chunks(total, frames: input.values.shape[1] / frontEnd.grain, mode: mode)
        guard input.rowsPerSample != nil || ranges.count > 1 else { return try forward(input, mode).inFloat32() }
        let parts = try ranges.map { try forward(input.rows($0), mode).inFloat32() }
        return try Encoding.joined(parts, rowsPerSample: input.rowsPerSample ?? Array(repeating: 1, count: total))
    }

    private func forward(_ input: EncoderInput, _ mode: Mode) throws -> Encoding {
        guard mode.isTraining, encoder is any BlockwiseEncoder else { return try encoder(input, mode: mode) }
        return try run(from: 0, Activations(input), mode: mode)
    }

    /// The rows that go through the encoder at once, of `total` that have so many frames each.
    ///
    /// Recordings can be long, and their windows many: outside of training a few at a time, so that memory stays bounded. In training a batch stays
    /// whole, for batch norm sees it as one.
    func chunks(_ total: Int, frames: Int, mode: Mode) -> [Range<Int>] {
        let isRecording = modality.plain == .audio && !mode.isTraining
        let size = isRecording ? max(1, Self.framesAtOnce / max(1, frames)) : max(1, total)
        return stride(from: 0, to: total, by: size).map { $0..<min($0 + size, total) }
    }

    /// Frames that go through an encoder at once: a window of a minute.
    private static let framesAtOnce = 6000
}
