internal import Foundation
internal import Torch

/// Ridge regression from embeddings to labels, in closed form.
enum LinearProbe {
    /// Fits on the training rows that are there and scores on those of the other set: the share of right answers (of a
    /// multilabel head: of right yes and no), or R² for regression.
    static func score(
        _ train: Tensor, _ trainLabels: LabelledValues, _ val: Tensor, _ valLabels: LabelledValues, rows: ([Bool], [Bool])
    ) throws -> Double {
        try withoutGradient {
            let kept = (rows.0.indices.filter { rows.0[$0] }, rows.1.indices.filter { rows.1[$0] })
            guard kept.0.count > 1, !kept.1.isEmpty else { return 0 }
            let pick = { (tensor: Tensor, kept: [Int]) in
                try tensor.moved(to: .cpu).rows(Tensor(kept.map(Int64.init), shape: [kept.count])).converted(to: .float64)
            }
            let (x, other) = (try pick(train, kept.0), try pick(val, kept.1))
            let mean = try x.mean([0], keep: true)
            let centred = try x - mean
            let scale = try centred.power(2).mean([0], keep: true).adding(1e-12).power(0.5)
            let features = try centred / scale
            let truth = try pick(targets(trainLabels), kept.0)
            let offset = try truth.mean([0], keep: true)
            // The penalty is a hundredth of a standardised feature's own weight.
            let penalty = try Tensor.identity(features.shape[1]).scaled(by: 0.01 * Double(kept.0.count))
            // In half the time: rounding is a ten thousandth of the penalty.
            let single = try features.converted(to: .float32)
            let gram = try single.transposed(0, 1).matmul(single).converted(to: .float64) + penalty
            let weights = try gram.solve(features.transposed(0, 1).matmul(truth - offset))
            let predicted = try ((other - mean) / scale).matmul(weights) + offset
            return try judge(predicted, pick(targets(valLabels), kept.1), valLabels.target.form)
        }
    }

    /// What always answering the commonest class scores; 0 for regression.
    static func chance(_ labels: LabelledValues) -> Double {
        guard labels.target.form != .number, let flat: [Float] = try? targets(labels).array() else { return 0 }
        let width = flat.count / max(1, labels.isKnown.count)
        let shares = (0..<width).map { column in
            stride(from: column, to: flat.count, by: width).reduce(0.0) { $0 + Double(flat[$1]) }
                / Double(max(1, labels.isKnown.count))
        }
        return labels.target.form == .classes
            ? shares.max() ?? 0 : shares.map { max($0, 1 - $0) }.reduce(0, +) / Double(max(1, width))
    }

    /// `[N, C]`: classes as one of C, other labels as they are.
    private static func targets(_ labels: LabelledValues) throws -> Tensor {
        guard labels.target.form == .classes else { return try labels.tensor() }
        let count = labels.target.classes.count
        let flat = labels.indices.flatMap { index in (0..<count).map { Float($0 == index ? 1 : 0) } }
        return try Tensor(flat, shape: [labels.isKnown.count, count])
    }

    private static func judge(_ predicted: Tensor, _ truth: Tensor, _ form: LabelForm) throws -> Double {
        switch form {
        case .classes:
            let right = try (predicted.argmax(1) - truth.argmax(1)).isDifferent(from: 0).converted(to: .float64).mean()
            return try 1 - right.item()
        case .flags:
            let wrong = try (predicted.less(than: 0.5).converted(to: .float64) + truth).adding(-1).absolute().mean()
            return try 1 - wrong.item()
        case .number:
            let residual = try (predicted - truth).power(2).sum().item()
            let spread = try (truth - truth.mean()).power(2).sum().item()
            return spread > 0 ? 1 - residual / spread : 0
        }
    }
}
