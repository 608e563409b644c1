public import Torch

extension FusionModel {
    /// The embeddings of a batch: those that are at hand, and what encoders that are trained make of its media.
    public func encode(_ batch: Batch, mode: Mode = .evaluate) throws -> FusionInput {
        let parts = try zip(modalities, batch.parts).enumerated().map { column, entry in
            let part =
                switch entry.1 {
                case .embeddings(let embeddings): embeddings
                case .media(let prepared, let isVisible):
                    try encode(prepared, entry.0, isVisible: isVisible) { try $0.encode(prepared, mode: mode) }
                case .activations(let known, let count, let isVisible):
                    try encode(known, entry.0, isVisible: isVisible) { encoder in
                        try encoder.encode(activations: known, behind: count, mode: mode)
                    }
                }
            // What could not be mixed before it was encoded.
            guard let mixing = batch.mixing, mixing.isInEmbedding[column] else { return part }
            return FusionInput.Part(pooled: try mixing(part.pooled), tokens: part.tokens, tokenMask: part.tokenMask)
        }
        return FusionInput(parts, presence: batch.presence)
    }

    /// Encodes the visible samples of a batch; the rows of the others are zeros.
    private func encode(
        _ shown: [Tensor], _ modality: Modality, isVisible: [Bool], by encoding: (ModalityEncoder) throws -> Encoding
    ) throws -> FusionInput.Part {
        guard let encoder = encoders[modality] else { throw BraidError(.internal, "there is no encoder for \(modality)") }
        let (count, device) = (isVisible.count, parameters.device)
        let budget = tokenBudget
        let nothing = try Tensor.zeros([1, encoder.encoder.dimension]).moved(to: device)
        guard !shown.isEmpty else {
            let none = try budget.map { _ in try Tensor.zeros([count, 1, encoder.encoder.tokenDimension]).moved(to: device) }
            return FusionInput.Part(pooled: try nothing.expanded([count, encoder.encoder.dimension]), tokens: none)
        }
        let encoding = try encoding(encoder)
        // Row 0 is what stands where nothing is shown.
        var next: Int64 = 0
        let places = isVisible.map { isShown -> Int64 in
            guard isShown else { return 0 }
            next += 1
            return next
        }
        let order = try Tensor(places, shape: [count]).moved(to: device)
        let pooled = try Tensor.concatenate([nothing, encoding.pooled], 0).rows(order)
        guard let budget else { return FusionInput.Part(pooled: pooled) }
        let (tokens, mask) = try TokenBudget.reduced(encoding, to: budget)
        let none = try Tensor.zeros([1] + tokens.shape.dropFirst()).moved(to: device)
        let isReal = try Tensor.concatenate([mask.slice(0, 0..<1), mask], 0).rows(order)
        return FusionInput.Part(
            pooled: pooled, tokens: try Tensor.concatenate([none, tokens], 0).rows(order), tokenMask: isReal)
    }
}

extension FusionModel {
    /// What int8 costs its encoders, by modality, where that was found out; nil where there are none.
    var int8Records: [String: Int8Record]? {
        let records = encoders.compactMap { modality, encoder in encoder.int8Record.map { (modality.rawValue, $0) } }
        return records.isEmpty ? nil : Dictionary(uniqueKeysWithValues: records)
    }
}
