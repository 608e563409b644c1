internal import Foundation
internal import Torch

/// What a probe found of one encoder.
struct ProbedEncoder {
    let candidate: EncoderProbe.Candidate
    let name: String
    /// The labelled rows that have the modality.
    let samples: [Sample]
    /// Fits of all folds, and logits of each row by one that has not seen it.
    let path: PenaltyPath
    let figures: ProbeResult.Figures

    /// More rows than these are not looked at by figures that need no fit.
    private static let mostRows = 20_000
    /// What is encoded to find out how long that takes.
    private static let timed = 32

    init(
        _ candidate: EncoderProbe.Candidate, _ encoder: ModalityEncoder, _ samples: [Sample], _ pooled: Tensor,
        _ question: EncoderProbe.Question
    ) throws {
        (self.candidate, self.samples, name) = (candidate, samples, encoder.name)
        let labels = try LabelledValues(samples, question.target, question.source)
        let loss = try HeadLoss(question.target, samples, source: question.source, device: .cpu)
        let folds = Folds(samples, by: question.stratum, count: question.folds, seed: question.seed)
        guard folds.count > 1 else {
            throw BraidError(.badData, "\(question.source): all labelled rows are one group, so that none can be held out")
        }
        let path = try withoutGradient { () throws -> PenaltyPath in
            let all = Array(samples.indices)
            let scaled = try Standardization(pooled)(pooled)
            let problem = try LinearProblem(PrincipalFeatures(scaled), loss, samples: all, folds: folds)
            let judge = try RowLoss(loss, samples: all, counts: all.map { _ in 1 }, dtype: .float32)
            return try PenaltyPath(problem) { try judge.mean($0) }
        }
        self.path = path
        let answers = try HeadPredictions(
            logits: path.heldOut, question.target, samples: samples, source: question.source)
        let rows = try question.target.task.plainLoss(path.heldOut.converted(to: .float32), labels.tensor()).array(of: Float.self)
        let (logME, hScore) = try Self.transferability(pooled, labels)
        figures = ProbeResult.Figures(
            modality: candidate.modality, encoder: encoder.name, architecture: encoder.architecture, rows: samples.count,
            dimension: pooled.shape[1], parameters: encoder.parameters.entries.reduce(0) { $0 + $1.tensor.count },
            score: try Estimate([answers], question.metric), loss: path.loss, rowLosses: rows.map(Double.init), logME: logME,
            hScore: hScore, milliseconds: try Self.milliseconds(encoder, samples))
    }

    private static func transferability(_ pooled: Tensor, _ labels: LabelledValues) throws -> (Double, Double?) {
        try withoutGradient {
            let count = min(mostRows, labels.count)
            let chosen = (0..<count).map { $0 * labels.count / count }
            let x = try pooled.rows(Tensor(chosen.map(Int64.init), shape: [count])).converted(to: .float64)
            switch labels.target.form {
            case .classes:
                let (classes, total) = (chosen.map { labels.indices[$0] }, labels.target.classes.count)
                return (
                    try Transferability.logME(x, Transferability.oneHot(classes, count: total)),
                    try Transferability.hScore(x, classes, count: total)
                )
            case .flags:
                let flags = chosen.flatMap { labels.flags[$0].map { $0 ? 1.0 : 0 } }
                return (try Transferability.logME(x, Tensor(flags, shape: [count, labels.target.outputs])), nil)
            case .number:
                let numbers = chosen.map { (labels.numbers[$0] - labels.target.scale.mean) / labels.target.scale.deviation }
                return (try Transferability.logME(x, Tensor(numbers, shape: [count, 1])), nil)
            }
        }
    }

    /// Reading, preparing and encoding a sample, on one core.
    private static func milliseconds(_ encoder: ModalityEncoder, _ samples: [Sample]) throws -> Double {
        try onOneThread {
            try withoutGradient {
                func encode(_ samples: ArraySlice<Sample>) throws {
                    _ = try encoder.encode(samples.map { try encoder.frontEnd.prepare($0.medium(encoder.modality)) }).pooled.bytes()
                }
                // Kernels are made ready by the first batch.
                try encode(samples.prefix(Self.timed))
                let start = ContinuousClock.now
                try encode(samples.prefix(Self.timed))
                return (ContinuousClock.now - start) / .milliseconds(1) / Double(min(Self.timed, samples.count))
            }
        }
    }
}
