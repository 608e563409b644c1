internal import Foundation
internal import Torch

/// Samples that batches are made of: embeddings of frozen encoders at hand, media of the others read a batch at a time. It knows nothing of
/// models.
public struct BatchSource {
    /// The samples that can be used.
    public let samples: [Sample]
    /// The modalities, in the order of a batch's parts.
    public let modalities: [Modality]
    /// What is there, `[N][M]`.
    public let presence: [[Bool]]
    /// Samples that were left out because their media cannot be read.
    public let skipped: [BadSample]
    /// Of encoders that are frozen.
    let embeddings: [Modality: EmbeddingRows]
    /// Of encoders that are trained.
    private let frontEnds: [Modality: any FrontEnd]
    /// What frozen blocks of encoders that are trained have given.
    private let prefixes: [Modality: FrozenPrefix]
    /// Of encoders that are trained, and on changed media.
    private let augmenters: [Modality: Augmenter]
    /// Whether batches have tokens, where the embeddings do.
    private let hasTokens: Bool
    private let extractor: EmbeddingExtractor
    private let device: Device

    /// The manifest's name, for errors.
    var name: String { extractor.manifest.lastPathComponent }

    /// Embeds `samples` with the frozen ones of `encoders`, and reads the media of the others once, to find those that cannot be read.
    ///
    /// - Parameters:
    ///   - samples: All of them, of every split.
    ///   - encoders: One a modality.
    ///   - tokens: The most tokens of a sample and modality to keep; nil for pooled embeddings alone.
    ///   - extractor: Reads media, and knows what becomes of bad ones.
    ///   - device: Where embeddings are put.
    ///   - prefixes: Of encoders that are trained: their frozen blocks, whose work is done once.
    /// - Throws: `BraidError` that lists every bad sample, where the policy is to fail.
    init(
        _ samples: [Sample], _ encoders: [ModalityEncoder], tokens: Int?, _ extractor: EmbeddingExtractor, device: Device,
        prefixes: [Modality: FrozenPrefix] = [:]
    ) throws {
        var extractor = extractor
        extractor.tokens = tokens
        let encoders = encoders.sorted { $0.modality < $1.modality }
        let trained = encoders.filter { !$0.isFrozen }
        let result = try extractor.extract(samples, encoders.filter(\.isFrozen), alsoChecked: trained, prefixes: prefixes)
        modalities = encoders.map(\.modality)
        self.samples = result.samples
        skipped = result.bad
        embeddings = try result.rows.mapValues { try $0.moved(to: device) }
        frontEnds = Dictionary(uniqueKeysWithValues: trained.map { ($0.modality, $0.frontEnd) })
        augmenters = Dictionary(
            uniqueKeysWithValues: trained.filter { !$0.augmenter.isEmpty }.map { ($0.modality, $0.augmenter) })
        hasTokens = tokens != nil
        presence = result.samples.map { [modalities] sample in modalities.map(sample.has) }
        (self.extractor, self.device, self.prefixes) = (extractor, device, prefixes)
    }

    private init(
        _ other: BatchSource, _ samples: [Sample], _ embeddings: [Modality: EmbeddingRows], modalities: [Modality],
        hasTokens: Bool, presence: [[Bool]]? = nil
    ) {
        (self.samples, self.embeddings, self.modalities, self.hasTokens) = (samples, embeddings, modalities, hasTokens)
        self.presence = presence ?? samples.map { sample in modalities.map(sample.has) }
        skipped = []
        (frontEnds, augmenters) = (other.frontEnds, other.augmenters)
        (extractor, device, prefixes) = (other.extractor, other.device, other.prefixes)
    }

    /// Some of the samples, by number; their embeddings stay where they lie.
    func subset(_ indices: [Int]) throws -> BatchSource {
        let rows = try embeddings.mapValues { try $0.subset(indices) }
        return BatchSource(
            self, indices.map { samples[$0] }, rows, modalities: modalities, hasTokens: hasTokens,
            presence: indices.map { presence[$0] })
    }

    /// The same samples with other embeddings of some modalities.
    func replacing(_ other: [Modality: EmbeddingRows]) -> BatchSource {
        BatchSource(
            self, samples, embeddings.merging(other) { $1 }, modalities: modalities, hasTokens: hasTokens, presence: presence)
    }

    /// Other samples, whose embeddings are at hand, as a memory holds them.
    ///
    /// - Parameters:
    ///   - samples: Without media.
    ///   - embeddings: In their order, of each modality.
    ///   - presence: What is there, `[N][M]`.
    func holding(_ samples: [Sample], _ embeddings: [Modality: EmbeddingRows], presence: [[Bool]]) -> BatchSource {
        BatchSource(self, samples, embeddings, modalities: modalities, hasTokens: hasTokens, presence: presence)
    }

    /// Other samples with media, read as these are.
    func reading(_ samples: [Sample], _ encoders: [ModalityEncoder], tokens: Int?) throws -> BatchSource {
        try BatchSource(samples, encoders, tokens: tokens, extractor, device: device)
    }

    /// With other samples behind these: their embeddings where every encoder is frozen, else all media read as one.
    func followed(by other: BatchSource, _ encoders: [ModalityEncoder], tokens: Int?) throws -> BatchSource {
        guard isEncoded else { return try reading(samples + other.samples, encoders, tokens: tokens) }
        let rows = try embeddings.map { modality, rows in
            (modality, try other.embeddings[modality].map { try rows.followed(by: $0) } ?? rows)
        }
        return holding(
            samples + other.samples, Dictionary(uniqueKeysWithValues: rows), presence: presence + other.presence)
    }

    /// The same embeddings under other names and labels.
    func naming(_ samples: [Sample]) -> BatchSource {
        BatchSource(self, samples, embeddings, modalities: modalities, hasTokens: hasTokens)
    }

    /// With the samples of another source behind these, whose encoders are the same and frozen; without tokens.
    func joined(_ other: BatchSource) throws -> BatchSource {
        let rows = try modalities.map { modality -> (Modality, EmbeddingRows) in
            guard let first = embeddings[modality], let second = other.embeddings[modality] else {
                throw BraidError(.internal, "the \(modality) encoder is not frozen, so there are no embeddings to join")
            }
            return (
                modality,
                EmbeddingRows(
                    pooled: try .concatenate([first.pooled(), second.pooled()], 0), tokens: nil, tokenMask: nil,
                    presence: first.presence + second.presence)
            )
        }
        return BatchSource(
            self, samples + other.samples, Dictionary(uniqueKeysWithValues: rows), modalities: modalities, hasTokens: false)
    }

    /// The samples that have any of `modalities`, and these alone of them.
    func keeping(_ kept: [Modality], hasTokens: Bool) throws -> BatchSource {
        let indices = samples.indices.filter { index in kept.contains(where: samples[index].has) }
        let part = indices.count < samples.count ? try subset(indices) : self
        return BatchSource(part, part.samples, part.embeddings, modalities: kept, hasTokens: hasTokens)
    }

    /// A batch of the samples number `indices`.
    ///
    /// - Parameters:
    ///   - indices: The samples' numbers.
    ///   - presence: What the model may see of each, `[B][M]`; nil: all that is there.
    ///   - draw: What augmentations are drawn by; nil: samples are shown as they are.
    /// - Throws: `BraidError` where a medium that was read before cannot be read any more.
    public func batch(_ indices: [Int], presence: [[Bool]]? = nil, draw: TrainingDraw? = nil) throws -> Batch {
        let visible = presence ?? indices.map { self.presence[$0] }
        let rows = try Tensor(indices.map(Int64.init), shape: [indices.count]).moved(to: device)
        var parts = try modalities.enumerated().map { column, modality -> Batch.Part in
            if let known = embeddings[modality] { return .embeddings(try known.part(rows, tokens: hasTokens)) }
            return try media(indices, modality, isVisible: visible.map { $0[column] }, draw)
        }
        let mixing = try draw?.mixed(visible).map { try mix(&parts, $0) }
        let flags = visible.flatMap { $0.map { UInt8($0 ? 1 : 0) } }
        let mask = try Tensor(flags, shape: [indices.count, modalities.count]).converted(to: .bool).moved(to: device)
        return Batch(parts, presence: mask, rows: rows, mixing: mixing)
    }

    /// Mixes pictures that are encoded in training; everything else is mixed when it is encoded.
    private func mix(_ parts: inout [Batch.Part], _ drawn: BatchMixing) throws -> Batch.Mixing {
        var (mixing, isInEmbedding) = (drawn, parts.map { _ in true })
        for (column, modality) in modalities.enumerated() where modality.kind.presentation == .picture {
            guard case .media(let pictures, let isVisible) = parts[column], let shape = pictures.first?.shape, shape.count == 3
            else { continue }
            let region: Image.Region?
            (mixing, region) = drawn.fitted(height: shape[1], width: shape[2])
            let places = isVisible.indices.filter { isVisible[$0] }
            parts[column] = .media(try mixing.pictures(pictures, places: places, region: region), isVisible: isVisible)
            isInEmbedding[column] = false
        }
        let partners = try Tensor(mixing.partners.map(Int64.init), shape: [mixing.partners.count]).moved(to: device)
        return Batch.Mixing(share: mixing.share, partners: partners, isInEmbedding: isInEmbedding)
    }

    private func media(
        _ indices: [Int], _ modality: Modality, isVisible: [Bool], _ draw: TrainingDraw?
    ) throws -> Batch.Part {
        guard let frontEnd = frontEnds[modality] else { throw BraidError(.internal, "there is no encoder for \(modality)") }
        let shown = zip(indices, isVisible).filter(\.1).map { samples[$0.0] }
        if let pixels = (frontEnd as? ImageFrontEnd)?.inputPixels, 3 * pixels * shown.count > Limit.batchValues.value {
            let size =
                "training.batch_size: \(shown.count) pictures of \(frontEnd.inputSize) pixels have \(3 * pixels * shown.count) values"
            throw Limit.batchValues.exceeded(size)
        }
        if let prefix = prefixes[modality] {
            let activations = try prefix.activations(of: shown) { try read($0, frontEnd, modality) }
            return .activations(activations, behind: prefix.count, isVisible: isVisible)
        }
        var drawn: (@Sendable (Sample) -> DrawnAugmentation)?
        if let draw, let augmenter = augmenters[modality] {
            drawn = { augmenter.drawn(seed: draw.seed, epoch: draw.epoch, sample: $0.id) }
        }
        return .media(try read(shown, frontEnd, modality, drawn), isVisible: isVisible)
    }

    private func read(
        _ samples: [Sample], _ frontEnd: any FrontEnd, _ modality: Modality,
        _ augmentation: (@Sendable (Sample) -> DrawnAugmentation)? = nil
    ) throws -> [Tensor] {
        var bad: [BadSample] = []
        let prepared = extractor.prepare(samples, frontEnd, modality, &bad, augmentation: augmentation).compactMap { $0 }
        // All media were read before: a failure now means that a file changed during the run.
        if !bad.isEmpty { throw BraidError(.badData, faults: bad.map(\.fault)) }
        return prepared
    }

    /// Calls `body` with batches of all samples in their order, at most `size` at a time.
    func forEachBatch(_ size: Int, presence: [[Bool]]? = nil, _ body: (Batch) throws -> Void) throws {
        for start in stride(from: 0, to: samples.count, by: size) {
            let indices = Array(start..<min(start + size, samples.count))
            try body(batch(indices, presence: presence.map { all in indices.map { all[$0] } }))
        }
    }
}
