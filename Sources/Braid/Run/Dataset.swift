internal import Foundation
internal import Torch

/// The samples of one split, ready to be fused: embeddings of frozen encoders at hand, media of the others read a batch
/// at a time.
struct Dataset {
    let samples: [Sample]
    /// Of encoders that are frozen.
    let embeddings: [Modality: EmbeddingRows]
    /// What is there, `[N][M]` in the model's order of modalities.
    let presence: [[Bool]]
    /// The manifest's name, for errors.
    var source: String { extractor.manifest.lastPathComponent }
    /// Samples that were left out because their media cannot be read.
    let skipped: [BadSample]
    private let model: FusionModel
    private let extractor: EmbeddingExtractor
    private let device: Device

    init(_ samples: [Sample], _ model: FusionModel, _ extractor: EmbeddingExtractor, device: Device) throws {
        let encoders = model.modalities.compactMap { model.encoders[$0] }
        var extractor = extractor
        extractor.tokens = model.tokenBudget
        let result = try extractor.extract(samples, encoders.filter(\.isFrozen), alsoChecked: encoders.filter { !$0.isFrozen })
        self.samples = result.samples
        skipped = result.bad
        embeddings = try result.rows.mapValues { try $0.moved(to: device) }
        presence = result.samples.map { sample in model.modalities.map(sample.has) }
        self.model = model
        self.extractor = extractor
        self.device = device
    }

    private init(_ other: Dataset, _ indices: [Int]) throws {
        let order = try Tensor(indices.map(Int64.init), shape: [indices.count]).moved(to: other.device)
        samples = indices.map { other.samples[$0] }
        embeddings = try other.embeddings.mapValues { rows in
            let part = try rows.part(order)
            return EmbeddingRows(
                pooled: part.pooled, tokens: part.tokens, tokenMask: part.tokenMask, presence: indices.map { rows.presence[$0] })
        }
        presence = indices.map { other.presence[$0] }
        skipped = []
        model = other.model
        extractor = other.extractor
        device = other.device
    }

    /// The same samples for another model, whose frozen encoders are the same.
    init(_ other: Dataset, for model: FusionModel) {
        samples = other.samples
        embeddings = other.embeddings
        presence = other.samples.map { sample in model.modalities.map(sample.has) }
        skipped = []
        self.model = model
        extractor = other.extractor
        device = other.device
    }

    /// Some of the samples.
    func subset(_ indices: [Int]) throws -> Dataset { try Dataset(self, indices) }

    /// The embeddings of samples `indices`, with `presence` for what is hidden from the model on top of what is missing.
    func input(_ indices: [Int], presence: [[Bool]], mode: Mode) throws -> FusionInput {
        let order = try Tensor(indices.map(Int64.init), shape: [indices.count]).moved(to: device)
        let takesTokens = model.tokenBudget != nil
        let parts = try model.modalities.enumerated().map { column, modality in
            if let rows = embeddings[modality] { return try rows.part(order, tokens: takesTokens) }
            return try encode(indices, modality, visible: presence.map { $0[column] }, mode: mode)
        }
        let flags = presence.flatMap { $0.map { UInt8($0 ? 1 : 0) } }
        let mask = try Tensor(flags, shape: [indices.count, model.modalities.count]).converted(to: .bool).moved(to: device)
        return FusionInput(parts, presence: mask)
    }

    func input(_ indices: [Int], mode: Mode) throws -> FusionInput {
        try input(indices, presence: indices.map { presence[$0] }, mode: mode)
    }

    /// Encodes the visible ones of a batch; the rows of the others are zeros.
    private func encode(_ indices: [Int], _ modality: Modality, visible: [Bool], mode: Mode) throws -> FusionInput.Part {
        guard let encoder = model.encoders[modality] else { throw BraidError(.internal, "there is no encoder for \(modality)") }
        let shown = zip(indices, visible).filter(\.1).map { samples[$0.0] }
        let budget = model.tokenBudget
        let nothing = try Tensor.zeros([1, encoder.encoder.dimension]).moved(to: device)
        guard !shown.isEmpty else {
            let none = try budget.map { _ in try Tensor.zeros([indices.count, 1, encoder.encoder.tokenDimension]).moved(to: device)
            }
            return FusionInput.Part(pooled: try nothing.expanded([indices.count, encoder.encoder.dimension]), tokens: none)
        }
        var bad: [BadSample] = []
        let prepared = extractor.prepare(shown, encoder, &bad).compactMap { $0 }
        // All media were read before: a failure now means that a file changed during the run.
        if !bad.isEmpty { throw BraidError(.badData, faults: bad.map(\.fault)) }
        let encoding = try encoder.encode(prepared, mode: mode)
        // Row 0 is what stands where nothing is shown.
        var next: Int64 = 0
        let places = visible.map { isShown -> Int64 in
            guard isShown else { return 0 }
            next += 1
            return next
        }
        let order = try Tensor(places, shape: [places.count]).moved(to: device)
        let pooled = try Tensor.concatenate([nothing, encoding.pooled], 0).rows(order)
        guard let budget else { return FusionInput.Part(pooled: pooled) }
        let (tokens, mask) = try TokenBudget.reduced(encoding, to: budget)
        let none = try Tensor.zeros([1] + tokens.shape.dropFirst()).moved(to: device)
        let isReal = try Tensor.concatenate([mask.slice(0, 0..<1), mask], 0).rows(order)
        return FusionInput.Part(
            pooled: pooled, tokens: try Tensor.concatenate([none, tokens], 0).rows(order), tokenMask: isReal)
    }
}
