// Snell et al. 2017, "Prototypical networks for few-shot learning", arXiv:1703.05175; cosines of centred embeddings: Wang et al. 2019,
// "SimpleShot", arXiv:1911.04623.
internal import Torch

/// How far embeddings are from each other.
enum EmbeddingMetric: String, CaseIterable, Sendable {
    case cosine, euclidean
}

/// The nearest of the classes' means: scikit-learn's `NearestCentroid`, or the same by angles.
struct PrototypeClassifier: EmbeddingClassifier {
    let metric: EmbeddingMetric
    /// What likenesses are divided by; nil: as held-out rows show.
    let temperature: Double?

    /// Where no held-out row shows one: likenesses differ by some tenths.
    static let standardTemperature = 0.1
    /// What the logit of a class without rows is.
    static let impossible = -30.0

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel {
        try LinearViewModel(scope, size: size, target, isOfDirections: metric == .cosine)
    }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let plain = try rows.features.rows.converted(to: .float64)
        let x = metric == .cosine ? try plain.normalized() : plain
        let y = try rows.targets()
        let heldOut = try rows.gathered { fold, held in
            let found = try Self.prototypes(x, y, rows.weights(without: fold), metric)
            return try rows.target.logits(of: likeness(found))(rows.part(x, held))
        }
        let verdict = try HeldOutJudge(rows)(heldOut)
        let factor = temperature == nil ? verdict.factor : 1
        let found = try rows.target.logits(of: likeness(Self.prototypes(x, y, rows.weights, metric)))
        return ViewFit(
            heldOut: try heldOut.scaled(by: factor), loss: verdict.loss,
            choice: ["temperature": (temperature ?? Self.standardTemperature) / factor],
            values: [try found.weight.scaled(by: factor), try found.bias.scaled(by: factor)])
    }

    /// The classes' means, `[K, D]`, of length 1 where angles count; zeros of a class without rows. And 0 a class, or what makes it impossible.
    static func prototypes(
        _ x: Tensor, _ y: Tensor, _ weights: [Double], _ metric: EmbeddingMetric
    ) throws -> (means: Tensor, bias: Tensor) {
        let weighed = try y * Tensor(weights, shape: [weights.count, 1])
        let counts = try weighed.sum([0])
        let isEmpty = try counts.less(than: 1e-9)
        let sums = try weighed.transposed(0, 1).matmul(x)
        let means = try sums / counts.clamped(atLeast: 1e-9).unsqueezed(1)
        return (
            metric == .cosine ? try means.normalized() : means,
            try Tensor.full([], impossible, dtype: .float64).where(isEmpty, else: .zeros([], dtype: .float64))
        )
    }

    /// Cosines, or minus the mean squared difference of a value, less what all classes share.
    private func likeness(_ found: (means: Tensor, bias: Tensor)) throws -> LinearSolution {
        let sharpness = 1 / (temperature ?? Self.standardTemperature)
        guard metric == .euclidean else {
            return LinearSolution(weight: try found.means.scaled(by: sharpness), bias: found.bias)
        }
        let scale = sharpness / Double(found.means.shape[1])
        return LinearSolution(
            weight: try found.means.scaled(by: 2 * scale), bias: try found.bias - found.means.power(2).sum([1]).scaled(by: scale))
    }
}

extension ConfigurationReader {
    /// Reads how classifiers compare embeddings.
    mutating func embeddingMetric() -> EmbeddingMetric {
        choice("fusion.metric", .cosine, "How embeddings are compared: by their angle, or by their distance.")
    }
}

extension ClassifierKind {
    /// The nearest class mean.
    static let prototype = ClassifierKind("prototype", paper: "Snell et al. 2017, arXiv:1703.05175") { reader in
        PrototypeClassifier(
            metric: reader.embeddingMetric(),
            temperature: reader.optionalDouble(
                "fusion.temperature", 1e-6...1e6,
                "What likenesses to the classes' means are divided by: cosines, or squared distances a value. Default: as held-out rows show."
            ))
    }
}
