public import Foundation

/// Whether new data are still like those a model was made of: which modality has moved, which goes missing more often, and whether classes come
/// in other shares. No label of the new data is needed.
public struct Drift: Sendable {
    /// What is asked.
    public struct Options: Sendable {
        /// The chance of calling a drift where there is none, over all tests of the run together.
        public var alpha: Double
        /// The smallest difference that matters: in the share of rows told apart beyond one half, in missing rates, and in the shares of
        /// classes.
        public var smallest: Double
        /// The most new rows that are embedded; missing rates are of all rows.
        public var sample: Int
        /// Of draws and permutations.
        public var seed: Int

        /// Says what is asked, with the command's defaults.
        public init(alpha: Double = 0.05, smallest: Double = 0.05, sample: Int = 1000, seed: Int = 0) {
            (self.alpha, self.smallest, self.sample, self.seed) = (alpha, smallest, sample, seed)
        }

        /// Some of the samples, in their order.
        func drawn(_ samples: [Sample]) -> [Sample] {
            guard samples.count > sample else { return samples }
            var random = RandomSource(seed: UInt64(seed))
            return samples.indices.shuffled(using: &random).prefix(sample).sorted().map { samples[$0] }
        }
    }

    /// The rows that are compared.
    public struct Rows: Sendable, Codable {
        /// Of the training's rows kept with the model, how many are of each split, by its name.
        public let reference: [String: Int]
        /// The new rows.
        public let new: Int
        /// How many of them were embedded.
        public let embedded: Int
        /// Rows of the manifest that the training had, and that are therefore left out; nil where all were asked for.
        public let leftOut: Int?

        private enum CodingKeys: String, CodingKey {
            case reference, new, embedded
            case leftOut = "left_out"
        }
    }

    /// The rows that were compared.
    public let rows: Rows
    /// A modality each, and the fused embedding last.
    public let embeddings: [EmbeddingDrift]
    /// A modality each.
    public let missing: [MissingDrift]
    /// A head each whose classes exclude each other.
    public let classes: [ClassDrift]
    /// A head each of which new rows have labels.
    public let accuracy: [DriftAccuracy]
    /// The level.
    public let alpha: Double
    /// The smallest difference that matters.
    public let smallest: Double

    /// Whether anything has moved: then it is time to transfer again.
    public var hasMoved: Bool {
        embeddings.contains { $0.state == .moved } || missing.contains { $0.state == .moved }
            || classes.contains { $0.state == .moved }
    }

    /// The modalities whose embeddings have moved, the one that is told apart best first.
    public var movedModalities: [String] {
        embeddings.filter { $0.state == .moved && $0.name != DriftReference.fused }.sorted { $0.accuracy > $1.accuracy }.map(\.name)
    }

    /// Holds the rows of a manifest against what a model keeps of its training's.
    ///
    /// - Parameters:
    ///   - folder: The model's folder, or the run's that holds it.
    ///   - manifest: The new data; labels need not be there.
    ///   - rows: Which of its rows are asked for; `.unseen` leaves out those that the training had.
    ///   - options: What is asked.
    ///   - inference: How the model is used.
    /// - Throws: `BraidError` where the model keeps nothing to compare with, the manifest has faults, or too few rows are left to tell
    ///   anything.
    public init(
        model folder: URL, manifest: URL, rows: Inference.Rows = .unseen, _ options: Options = Options(),
        _ inference: Inference.Options = Inference.Options()
    ) throws {
        var all: [Sample] = []
        let session = try Inference(model: folder, manifest: manifest, rows: rows, needsLabels: false, inference) {
            model, samples in
            guard model.driftReference != nil else {
                throw BraidError(
                    .noInput,
                    "\(folder.path): the model keeps nothing of its training's data to hold others against (\(DriftReference.fileName)): it was trained with training.drift_reference: 0, or by a Braid that did not know it; train it again with training.drift_reference: 500"
                )
            }
            all = samples
            return options.drawn(samples)
        }
        guard let reference = session.model.driftReference else { throw BraidError(.internal, "the reference is gone") }
        self = try DriftComparison(inference: session, reference: reference, all: all, options: options)()
    }

    init(
        rows: Rows, embeddings: [EmbeddingDrift], missing: [MissingDrift], classes: [ClassDrift], accuracy: [DriftAccuracy],
        _ options: Options
    ) {
        (self.rows, self.embeddings, self.missing, self.classes) = (rows, embeddings, missing, classes)
        (self.accuracy, alpha, smallest) = (accuracy, options.alpha, options.smallest)
    }
}

extension Drift: Encodable {
    private enum CodingKeys: String, CodingKey {
        case drift, rows, embeddings, missing, classes, accuracy, alpha
        case movedModalities = "moved_modalities"
        case smallest = "smallest_effect"
    }

    /// Writes everything, and what follows from it.
    public func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(hasMoved, forKey: .drift)
        try container.encode(movedModalities, forKey: .movedModalities)
        try container.encode(rows, forKey: .rows)
        try container.encode(embeddings, forKey: .embeddings)
        try container.encode(missing, forKey: .missing)
        try container.encode(classes, forKey: .classes)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encode(alpha, forKey: .alpha)
        try container.encode(smallest, forKey: .smallest)
    }
}
