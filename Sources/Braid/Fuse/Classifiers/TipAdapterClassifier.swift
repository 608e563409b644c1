// Zhang et al. 2022, "Tip-Adapter: Training-free adaption of CLIP for few-shot classification", arXiv:2111.03930.
internal import Torch

/// A cache of training rows whose labels are said again as far as a sample is like them, beside what is known without the cache.
///
/// `prior: zero-shot` has that from the text tower, as Tip-Adapter does: sentences of the classes are held against the embeddings as the encoder gives
/// them. Without such a tower `prior: prototype` puts the classes' means in its place, `prior: uniform` nothing. The cache compares standardised
/// embeddings.
struct TipAdapterClassifier: EmbeddingClassifier {
    /// What stands beside the cache.
    enum Prior: String, CaseIterable, Sendable {
        case prototype, uniform
        case zeroShot = "zero-shot"

        static let key = "fusion.prior"

        /// Whether what was read asks for sentences.
        static func isZeroShot(_ reader: ConfigurationReader) -> Bool {
            reader.resolved.contains { $0.path == key && $0.value == .text(zeroShot.rawValue) }
        }
    }

    /// How much the cache says, and how sharply likeness counts.
    struct Shape: Equatable {
        let alpha: Double
        let beta: Double

        /// The authors' before they search.
        static let standard = Shape(alpha: 1, beta: 5.5)
    }

    /// nil: as held-out rows show.
    let alpha: Double?
    let beta: Double?
    let prior: Prior

    private static let alphas = [0.3, 1, 3, 10]
    private static let betas = [1, 3, 5.5, 10, 20]

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel {
        try Model(scope, size: size, target, isOfSentences: prior == .zeroShot)
    }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let chosen = try KeptRows.chosen(rows, by: ClassifierKind.tipAdapter.name)
        let plain = try rows.features.rows.converted(to: .float64)
        let x = try plain.normalized()
        let y = try rows.targets()
        let labels = try y * Tensor(rows.weights, shape: [rows.weights.count, 1])
        let folds = try (0..<rows.folds.count).map { fold -> Cache in
            let rest = chosen.filter { rows.folds.numbers[$0] != fold }
            return try Cache(
                keys: rows.part(x, rest), labels: rows.part(labels, rest),
                known: knowledge(x, y, rows.weights(without: fold), rows))
        }
        let best = try HeldOutJudge(rows).best(of: shapes(earlier)) { shape in
            try rows.gathered { fold, held in
                try rows.target.logits(ofScores: folds[fold].scores(rows.part(plain, held), shape))
            }
        }
        let (shape, factor) = (best.choice, best.verdict.factor)
        let known = try knowledge(x, y, rows.weights, rows)
        let scale = known.scale.map { [$0.mean, $0.deviation] } ?? []
        return ViewFit(
            heldOut: try best.heldOut.scaled(by: factor), loss: best.verdict.loss,
            choice: ["alpha": shape.alpha, "beta": shape.beta],
            values: [
                try rows.part(x, chosen), try rows.part(labels, chosen), known.solution.weight, known.solution.bias,
                try Tensor([shape.alpha, shape.beta, factor], shape: [3]),
            ] + scale)
    }

    /// What is tried, the standard first.
    private func shapes(_ earlier: ViewChoice?) -> [Shape] {
        let alphas = (alpha ?? earlier?["alpha"]).map { [$0] } ?? Self.alphas
        let betas = (beta ?? earlier?["beta"]).map { [$0] } ?? Self.betas
        let all = alphas.flatMap { alpha in betas.map { Shape(alpha: alpha, beta: $0) } }
        let first = Shape(
            alpha: alphas.count == 1 ? alphas[0] : Shape.standard.alpha, beta: betas.count == 1 ? betas[0] : Shape.standard.beta)
        return [first] + all.filter { $0 != first }
    }

    private func knowledge(_ x: Tensor, _ y: Tensor, _ weights: [Double], _ rows: ViewRows) throws -> Known {
        guard prior == .zeroShot else {
            let (means, bias) = try PrototypeClassifier.prototypes(x, y, weights, .cosine)
            let sharpness = prior == .prototype ? 1 / PrototypeClassifier.standardTemperature : 0
            return Known(solution: LinearSolution(weight: try means.scaled(by: sharpness), bias: bias))
        }
        guard let sentences = rows.sentences, let scale = rows.features.scale else {
            throw BraidError(.internal, "\(Prior.key): zero-shot, and nobody has made the sentences")
        }
        let double = { (tensor: Tensor) in try tensor.moved(to: .cpu).converted(to: .float64) }
        return Known(
            solution: LinearSolution(weight: try double(sentences.weight), bias: try double(sentences.bias)),
            scale: (try double(scale.mean), try double(scale.deviation)))
    }

    /// What is said without the cache.
    struct Known {
        /// Of directions: `[K, D]` and `[K]`.
        let solution: LinearSolution
        /// What standardised embeddings have to be freed of first, `[D]` each; nil where their own directions count.
        var scale: (mean: Tensor, deviation: Tensor)?

        /// Scores `[B, K]` of standardised embeddings `[B, D]`.
        func callAsFunction(_ x: Tensor) throws -> Tensor {
            try solution((scale.map { try x * $0.deviation + $0.mean } ?? x).normalized())
        }
    }

    /// Rows of length 1 with their labels, and what is known without them.
    struct Cache {
        /// `[N, D]`.
        let keys: Tensor
        /// `[N, K]`.
        let labels: Tensor
        let known: Known

        /// `known + alpha exp(-beta (1 - f F')) L`, `[B, K]`, of standardised queries `[B, D]`, which are f at length 1.
        func scores(_ queries: Tensor, _ shape: Shape) throws -> Tensor {
            let known = try known(queries)
            guard keys.shape[0] > 0 else { return known }
            let affinity = try queries.normalized().matmul(keys.transposed(0, 1)).adding(-1).scaled(by: shape.beta).exp()
            return try known + affinity.matmul(labels).scaled(by: shape.alpha)
        }
    }

    private struct Model: ViewModel {
        let target: Target
        let keys: KeptRows
        let labels: KeptRows
        let weight: Tensor
        let bias: Tensor
        /// alpha, beta, and what logits are multiplied by.
        let shape: Tensor
        /// What embeddings were standardised by, where sentences want them as they were.
        let scale: (mean: Tensor, deviation: Tensor)?

        init(_ scope: Scope, size: Int, _ target: Target, isOfSentences: Bool) throws {
            self.target = target
            keys = try KeptRows(scope, "rows", width: size)
            labels = try KeptRows(scope, "labels", width: target.classes.count)
            weight = try scope.parameter("weight", [target.classes.count, size], .constant(0))
            bias = try scope.parameter("bias", [target.classes.count], .constant(0))
            shape = try scope.buffer("shape", [3], .constant(1))
            scale =
                isOfSentences
                ? (try scope.buffer("mean", [size], .constant(0)), try scope.buffer("deviation", [size], .constant(1))) : nil
        }

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let numbers = try shape.array(of: Float.self).map(Double.init)
            let known = Known(solution: LinearSolution(weight: weight, bias: bias), scale: scale)
            let cache = Cache(keys: keys.rows, labels: labels.rows, known: known)
            return try target.logits(ofScores: cache.scores(x, Shape(alpha: numbers[0], beta: numbers[1]))).scaled(by: numbers[2])
        }

        func adopt(_ values: [Tensor]?) throws {
            try keys.keep(values?[0])
            try labels.keep(values?[1])
            try weight.copyInPlace(from: values?[2] ?? .zeros([]))
            try bias.copyInPlace(from: values?[3] ?? .zeros([]))
            try shape.copyInPlace(from: values?[4] ?? .ones([3]))
            try scale?.mean.copyInPlace(from: values?[5] ?? .zeros([]))
            try scale?.deviation.copyInPlace(from: values?[6] ?? .ones([]))
        }
    }
}

extension ClassifierKind {
    /// A cache of rows beside the classes' means.
    static let tipAdapter = ClassifierKind("tip-adapter", paper: "Zhang et al. 2022, arXiv:2111.03930") { reader in
        TipAdapterClassifier(
            alpha: reader.optionalDouble(
                "fusion.alpha", 0...1e6, "How much the cache says beside what is known without it. Default: as held-out rows show."),
            beta: reader.optionalDouble(
                "fusion.beta", 0...1e6, "How sharply a row of the cache has to be like the sample. Default: as held-out rows show."),
            prior: reader.choice(
                TipAdapterClassifier.Prior.key, .prototype,
                "What is known without the cache: zero-shot, sentences of the classes, with one modality and weights of CLIP or SigLIP; prototype, the classes' means; uniform, nothing."
            ))
    }
}
