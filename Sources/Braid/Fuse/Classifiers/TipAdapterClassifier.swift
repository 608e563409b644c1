// Zhang et al. 2022, "Tip-Adapter: Training-free adaption of CLIP for few-shot classification", arXiv:2111.03930.
internal import Torch

/// A cache of training rows whose labels are said again as far as a sample is like them, beside what is known without the cache.
///
/// Tip-Adapter has that from CLIP's text tower. Braid has none: `prior: prototype` puts the classes' means in its place, `prior: uniform` nothing.
struct TipAdapterClassifier: EmbeddingClassifier {
    /// What stands beside the cache.
    enum Prior: String, CaseIterable, Sendable {
        case prototype, uniform
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

    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel { try Model(scope, size: size, target) }

    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit {
        let chosen = try KeptRows.chosen(rows, by: ClassifierKind.tipAdapter.name)
        let x = try rows.features.rows.converted(to: .float64).normalized()
        let y = try rows.targets()
        let labels = try y * Tensor(rows.weights, shape: [rows.weights.count, 1])
        let folds = try (0..<rows.folds.count).map { fold -> Cache in
            let rest = chosen.filter { rows.folds.numbers[$0] != fold }
            return try Cache(
                keys: rows.part(x, rest), labels: rows.part(labels, rest), zeroShot(x, y, rows.weights(without: fold)))
        }
        let best = try HeldOutJudge(rows).best(of: shapes(earlier)) { shape in
            try rows.gathered { fold, held in
                try rows.target.logits(ofScores: folds[fold].scores(rows.part(x, held), shape))
            }
        }
        let (shape, factor) = (best.choice, best.verdict.factor)
        let known = try zeroShot(x, y, rows.weights)
        return ViewFit(
            heldOut: try best.heldOut.scaled(by: factor), loss: best.verdict.loss,
            choice: ["alpha": shape.alpha, "beta": shape.beta],
            values: [
                try rows.part(x, chosen), try rows.part(labels, chosen), known.weight, known.bias,
                try Tensor([shape.alpha, shape.beta, factor], shape: [3]),
            ])
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

    private func zeroShot(_ x: Tensor, _ y: Tensor, _ weights: [Double]) throws -> LinearSolution {
        let (means, bias) = try PrototypeClassifier.prototypes(x, y, weights, .cosine)
        let sharpness = prior == .prototype ? 1 / PrototypeClassifier.standardTemperature : 0
        return LinearSolution(weight: try means.scaled(by: sharpness), bias: bias)
    }

    /// Rows of length 1 with their labels, and what is known without them.
    struct Cache {
        /// `[N, D]`.
        let keys: Tensor
        /// `[N, K]`.
        let labels: Tensor
        let zeroShot: LinearSolution

        init(keys: Tensor, labels: Tensor, _ zeroShot: LinearSolution) {
            (self.keys, self.labels, self.zeroShot) = (keys, labels, zeroShot)
        }

        /// `f W + alpha exp(-beta (1 - f F')) L`, `[B, K]`, of queries of length 1, `[B, D]`.
        func scores(_ queries: Tensor, _ shape: Shape) throws -> Tensor {
            let known = try zeroShot(queries)
            guard keys.shape[0] > 0 else { return known }
            let affinity = try queries.matmul(keys.transposed(0, 1)).adding(-1).scaled(by: shape.beta).exp()
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

        init(_ scope: Scope, size: Int, _ target: Target) throws {
            self.target = target
            keys = try KeptRows(scope, "rows", width: size)
            labels = try KeptRows(scope, "labels", width: target.classes.count)
            weight = try scope.parameter("weight", [target.classes.count, size], .constant(0))
            bias = try scope.parameter("bias", [target.classes.count], .constant(0))
            shape = try scope.buffer("shape", [3], .constant(1))
        }

        func callAsFunction(_ x: Tensor) throws -> Tensor {
            let numbers = try shape.array(of: Float.self).map(Double.init)
            let cache = Cache(keys: keys.rows, labels: labels.rows, LinearSolution(weight: weight, bias: bias))
            let scores = try cache.scores(x.normalized(), Shape(alpha: numbers[0], beta: numbers[1]))
            return try target.logits(ofScores: scores).scaled(by: numbers[2])
        }

        func adopt(_ values: [Tensor]?) throws {
            try keys.keep(values?[0])
            try labels.keep(values?[1])
            try weight.copyInPlace(from: values?[2] ?? .zeros([]))
            try bias.copyInPlace(from: values?[3] ?? .zeros([]))
            try shape.copyInPlace(from: values?[4] ?? .ones([3]))
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
                "fusion.prior", .prototype,
                "What stands where the paper has CLIP's zero-shot classifier: the classes' means, or nothing."))
    }
}
