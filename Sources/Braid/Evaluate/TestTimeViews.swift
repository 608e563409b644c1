internal import Torch

/// Samples in further views of their pictures, over which a model's answers are averaged: test-time augmentation.
struct TestTimeViews {
    /// Beside the samples as they are.
    private let others: [BatchSource]

    /// None: samples are seen as they are, once.
    static var none: TestTimeViews { TestTimeViews(others: []) }

    private init(others: [BatchSource]) { self.others = others }

    /// Encodes the pictures of `dataset` in `count` - 1 further views. Embeddings of other modalities stay; nothing goes through the cache,
    /// which holds embeddings of pictures as they are.
    ///
    /// - Throws: `BraidError` where there is no picture to be seen otherwise.
    init(_ count: Int, of dataset: BatchSource, _ model: FusionModel, _ extractor: EmbeddingExtractor, device: Device) throws {
        let encoders = model.encoders.values.filter { $0.modality.plain == .image }.sorted { $0.modality < $1.modality }
        guard !encoders.isEmpty else {
            let taken = model.modalities.map(\.rawValue).joined(separator: ", ")
            throw BraidError(.usage, "--tta shows several views of a picture, and the model takes none (\(taken)); leave it out")
        }
        let frontEnds = try encoders.map { encoder in
            guard let frontEnd = encoder.frontEnd as? ImageFrontEnd else {
                throw BraidError(
                    .usage, "--tta: the front end of \(encoder.architecture) has no views of a picture; leave it out")
            }
            return frontEnd
        }
        guard dataset.samples.contains(where: { sample in encoders.contains { sample.has($0.modality) } }) else {
            throw BraidError(.usage, "--tta shows several views of a picture, and no sample has one; leave it out")
        }
        others = try (1..<count).map { number in
            var rows: [Modality: EmbeddingRows] = [:]
            for (encoder, frontEnd) in zip(encoders, frontEnds) {
                var extractor = extractor
                (extractor.cache, extractor.view, extractor.tokens) = (nil, frontEnd.view(number), model.tokenBudget)
                let seen = try extractor.extract(dataset.samples, [encoder]).rows[encoder.modality]
                rows[encoder.modality] = try seen?.moved(to: device)
            }
            return dataset.replacing(rows)
        }
    }

    /// The mean of what `predict` says of each view, that of the samples as they are, `first`, among them.
    func averaged(_ first: Predictions, _ predict: (BatchSource) throws -> Predictions) throws -> Predictions {
        guard !others.isEmpty else { return first }
        return try Predictions(mean: [first] + others.map(predict))
    }
}

extension Predictions {
    /// The mean of answers about the same samples: of probabilities, or of numbers. It has no loss, which is one of logits.
    init(mean all: [Predictions]) {
        let heads = all[0].heads.enumerated().map { index, head in
            let values = head.samples.indices.map { row in
                head.values[row].indices.map { column in
                    Float(all.reduce(0.0) { $0 + Double($1.heads[index].values[row][column]) } / Double(all.count))
                }
            }
            return HeadPredictions(target: head.target, samples: head.samples, source: head.source, values: values)
        }
        self.init(samples: all[0].samples, heads: heads, loss: nil)
    }
}
