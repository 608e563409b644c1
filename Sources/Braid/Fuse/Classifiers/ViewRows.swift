internal import Torch

/// The standardised embeddings of one view, which all heads share.
final class ViewFeatures {
    /// `[N, D]`.
    let rows: Tensor
    /// What embeddings were standardised by; nil where rows are no single modality's.
    let scale: Standardization?
    private var turned: PrincipalFeatures?

    /// - Parameters:
    ///   - rows: `[N, D]`.
    ///   - scale: What embeddings were standardised by.
    init(_ rows: Tensor, scale: Standardization? = nil) { (self.rows, self.scale) = (rows, scale) }

    /// The same in the basis of their principal directions, computed when first asked for.
    func principal() throws -> PrincipalFeatures {
        if let turned { return turned }
        let made = try PrincipalFeatures(rows)
        turned = made
        return made
    }
}

/// What a view's model is fitted on: the rows that have the view, and what one head has to say of them.
struct ViewRows {
    let features: ViewFeatures
    /// The number, among the head's samples, of each row.
    let samples: [Int]
    let loss: HeadLoss
    let labels: LabelledValues
    /// What holds each row out.
    let folds: Folds
    /// What each row counts where held-out answers are judged.
    let judged: [Double]
    /// Whether the features are a kernel's.
    let isKernel: Bool
    /// What each row counts in a fit: 0 where it is not labelled.
    let weights: [Double]
    /// What sentences of the classes say of embeddings of length 1; nil where nothing is asked of them.
    let sentences: LinearSolution?

    init(_ features: ViewFeatures, samples: [Int], _ set: FittingSet, head: Int, isKernel: Bool) throws {
        (self.features, self.samples, self.isKernel) = (features, samples, isKernel)
        (loss, labels) = (set.losses[head], set.labels[head])
        folds = Folds(numbers: samples.map { set.folds.numbers[$0] }, count: set.folds.count)
        judged = set.judged(samples, head)
        let all = try loss.weights.array(of: Float.self)
        weights = samples.map { Double(all[$0]) }
        sentences = set.sentences.isEmpty ? nil : set.sentences[head]
    }

    var target: Target { loss.target }
    /// Whether there are rows enough to judge by.
    var canJudge: Bool { judged.reduce(0, +) >= Double(StackedFit.fewest) }
    /// Whether there is anything to learn from.
    var canLearn: Bool { weights.count { $0 > 0 } > 1 }

    /// The numbers of the rows that a fold holds out.
    func held(_ fold: Int) -> [Int] { folds.numbers.indices.filter { folds.numbers[$0] == fold } }

    /// What each row counts in the fit without a fold.
    func weights(without fold: Int) -> [Double] { zip(weights, folds.numbers).map { $1 == fold ? 0 : $0 } }

    /// What each row counts beside its weight in the fit without a fold. Rows of classes count for those that the fold holds out of their class, so that
    /// it has the shares it has among all: of two rows a class a held-out row would else be of the very class that is rare, and a model that does not
    /// claim much would be right less often than chance.
    func counts(without fold: Int) -> [Double] {
        guard target.form == .classes else { return folds.numbers.map { $0 == fold ? 0 : 1 } }
        let known = labels.indices
        let classes = samples.map { known[$0] }
        var (all, kept) = ([Int: Double](), [Int: Double]())
        for (row, label) in classes.enumerated() where weights[row] > 0 {
            all[label, default: 0] += weights[row]
            if folds.numbers[row] != fold { kept[label, default: 0] += weights[row] }
        }
        return classes.enumerated().map { row, label in
            guard folds.numbers[row] != fold, let whole = all[label], let rest = kept[label] else { return 0 }
            return whole / rest
        }
    }

    /// Float64 `[N, K]`: a column of 0 and 1 a class, or an output; or standardised numbers.
    func targets() throws -> Tensor {
        switch target.form {
        case .classes:
            let classes = labels.indices
            return try Transferability.oneHot(samples.map { classes[$0] }, count: target.classes.count)
        case .flags:
            let flags = labels.flags
            return try Tensor(samples.flatMap { flags[$0].map { $0 ? 1.0 : 0 } }, shape: [samples.count, target.outputs])
        case .number:
            let (numbers, scale) = (labels.numbers, target.scale)
            return try Tensor(samples.map { (numbers[$0] - scale.mean) / scale.deviation }, shape: [samples.count, 1])
        }
    }

    /// Some rows of a tensor `[N, …]`.
    func part(_ tensor: Tensor, _ rows: [Int]) throws -> Tensor {
        try tensor.rows(Tensor(rows.map(Int64.init), shape: [rows.count]))
    }

    /// `[N, C]` of what `say` says of each fold's rows, in the order of the rows.
    func gathered(_ say: (_ fold: Int, _ held: [Int]) throws -> Tensor) throws -> Tensor {
        let parts = (0..<folds.count).map { ($0, held($0)) }.filter { !$0.1.isEmpty }
        let order = parts.flatMap(\.1)
        var places = Array(repeating: Int64(0), count: order.count)
        for (place, row) in order.enumerated() { places[row] = Int64(place) }
        let said = try Tensor.concatenate(parts.map { try say($0.0, $0.1).converted(to: .float64) }, 0)
        return try said.rows(Tensor(places, shape: [places.count]))
    }
}

extension Target {
    /// The head's logits of a score a class, `[N, K]`: of two classes that one output tells, the difference.
    ///
    /// - Throws: `BraidError` where the task has other outputs than its classes.
    func logits(ofScores scores: Tensor) throws -> Tensor {
        guard form == .classes, outputs != classes.count else { return scores }
        guard outputs == 1, classes.count == 2 else {
            throw BraidError(
                .badConfiguration,
                "fusion.classifier: head \(name) has \(outputs) outputs for \(classes.count) classes, which only logistic can tell")
        }
        return try scores.slice(1, 1..<2) - scores.slice(1, 0..<1)
    }

    /// The same of weights and biases.
    func logits(of solution: LinearSolution) throws -> LinearSolution {
        let weight = try logits(ofScores: solution.weight.transposed(0, 1)).transposed(0, 1).contiguous()
        let bias = try logits(ofScores: solution.bias.unsqueezed(0)).squeezed(0)
        return LinearSolution(weight: weight, bias: bias)
    }
}
