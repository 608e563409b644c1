internal import Torch

extension FusionModel {
    /// How many samples are encoded at once beside a training, which leaves little memory.
    static var mediaAtOnce: Int { 64 }

    /// The samples with what trained encoders make of their media at hand, for whoever asks many times; as they are where the fusion attends
    /// tokens, which would be many.
    func encoded(_ dataset: BatchSource) throws -> BatchSource {
        guard tokenBudget == nil, !dataset.isEncoded, !dataset.samples.isEmpty else { return dataset }
        let columns = modalities.indices.filter { dataset.embeddings[modalities[$0]] == nil }
        return try withoutGradient {
            var pooled: [[Tensor]] = []
            try dataset.forEachBatch(Self.mediaAtOnce) { batch in
                let parts = try encode(batch).parts
                pooled.append(columns.map { parts[$0].pooled })
            }
            let rows = try columns.enumerated().map { place, column in
                let values = try Tensor.concatenate(pooled.map { $0[place] }, 0)
                let presence = dataset.presence.map { $0[column] }
                return (modalities[column], EmbeddingRows(pooled: values, tokens: nil, tokenMask: nil, presence: presence))
            }
            return dataset.replacing(Dictionary(uniqueKeysWithValues: rows))
        }
    }
}

extension BatchSource {
    /// Whether nothing of its samples is to be encoded any more.
    var isEncoded: Bool { modalities.allSatisfy { embeddings[$0] != nil } }
}
