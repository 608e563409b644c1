internal import Foundation
internal import Torch

/// How well one modality is learnt after an epoch.
public struct ModalityBalance: Codable, Sendable, Equatable {
    /// The mean over the epoch's steps of the gradient's norm on what only this modality passes.
    public let gradientNorm: Double
    /// What a linear probe makes of the modality's projection in the fusion, on the val split: accuracy, or R² for regression.
    public let probe: Double
    /// The same of the encoder's own embeddings: what there is to learn.
    public let encoderProbe: Double
}

/// Watches whether every modality is learnt: gradient norms, and linear probes before and after the fusion's projection.
struct BalanceMonitor {
    private let model: FusionModel
    private let train: Dataset
    private let val: Dataset
    private let labels: (train: LabelledValues, val: LabelledValues)
    private let own: [Modality: [Tensor]]
    private var squares: [Modality: Double] = [:]
    private var steps = 0

    /// The most samples of a split that a probe sees.
    private static let samples = 1000
    /// A modality is under-trained when its gradients are below this share of the largest, and there is something to learn.
    private static let share = 0.1
    /// How much a probe must be above chance, or lose to the projection, to count.
    private static let margin = 0.05

    /// - Returns: nil where there are too few labelled samples to tell anything.
    init?(_ model: FusionModel, _ data: SplitData) throws {
        func part(_ dataset: Dataset) throws -> Dataset? {
            let labelled = dataset.samples.indices.filter { dataset.samples[$0].labels[model.targets[0].column] != nil }
            let step = max(1, labelled.count / Self.samples)
            let chosen = stride(from: 0, to: labelled.count, by: step).prefix(Self.samples).map { labelled[$0] }
            return chosen.count < 10 ? nil : try dataset.subset(chosen)
        }
        guard let train = try part(data.train), let val = try part(data.val) else { return nil }
        self.model = model
        self.train = train
        self.val = val
        labels = (
            try LabelledValues(train.samples, model.targets[0], train.source),
            try LabelledValues(val.samples, model.targets[0], val.source)
        )
        own = Dictionary(uniqueKeysWithValues: model.modalities.map { ($0, model.ownParameters(of: $0)) })
    }

    /// Takes the gradients that `backward` left.
    mutating func observeGradients() throws {
        steps += 1
        for (modality, tensors) in own {
            let norms = try tensors.compactMap { try $0.gradient()?.norm().power(2) }
            guard !norms.isEmpty else { continue }
            squares[modality, default: 0] += try Tensor.stack(norms).sum().item().squareRoot()
        }
    }

    /// What the epoch came to; the next one starts anew.
    mutating func finishEpoch() throws -> [Modality: ModalityBalance] {
        defer { (squares, steps) = ([:], 0) }
        let (before, after) = try withoutGradient { (try features(train), try features(val)) }
        var balance: [Modality: ModalityBalance] = [:]
        for (index, modality) in model.modalities.enumerated() {
            let rows = (train.presence.map { $0[index] }, val.presence.map { $0[index] })
            balance[modality] = ModalityBalance(
                gradientNorm: (squares[modality] ?? 0) / Double(max(1, steps)),
                probe: try LinearProbe.score(
                    before.projected[index], labels.train, after.projected[index], labels.val, rows: rows),
                encoderProbe: try LinearProbe.score(
                    before.embedded[index], labels.train, after.embedded[index], labels.val, rows: rows))
        }
        return balance
    }

    private struct Features {
        let embedded: [Tensor]
        let projected: [Tensor]
    }

    private func features(_ dataset: Dataset) throws -> Features {
        let parts = try stride(from: 0, to: dataset.samples.count, by: 256).map { start in
            let input = try dataset.input(Array(start..<min(start + 256, dataset.samples.count)), mode: .evaluate)
            return (input.parts.map(\.pooled), try model(input).projections)
        }
        let columns = model.modalities.indices
        return Features(
            embedded: try columns.map { column in try .concatenate(parts.map { $0.0[column] }, 0) },
            projected: try columns.map { column in try .concatenate(parts.map { $0.1[column] }, 0) })
    }

    /// What a user should be told of an epoch, by modality.
    func warnings(_ balance: [Modality: ModalityBalance]) -> [(modality: Modality, text: String)] {
        guard let strongest = balance.max(by: { $0.value.gradientNorm < $1.value.gradientNorm }) else { return [] }
        let chance = LinearProbe.chance(labels.val)
        let percent = { (value: Double) in String(format: "%.1f %%", 100 * value) }
        return balance.sorted { $0.key < $1.key }.compactMap { modality, found in
            let share = found.gradientNorm / max(strongest.value.gradientNorm, 1e-12)
            let isStarved = share < Self.share && found.encoderProbe > chance + Self.margin
            let isLost = found.encoderProbe - found.probe > Self.margin
            guard isStarved || isLost else { return nil }
            let reason =
                isStarved
                ? "its gradients are \(percent(share)) of \(strongest.key)'s, while a linear probe on its embeddings reaches \(percent(found.encoderProbe))"
                : "a linear probe reaches \(percent(found.encoderProbe)) on its embeddings, and \(percent(found.probe)) on what the fusion keeps of them"
            return (
                modality,
                "warning: \(modality) is under-trained: \(reason). Try training.balance.method: ogm-ge or gradient-blending, more fusion.modality_dropout, or more epochs."
            )
        }
    }
}

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
            let gram = try features.transposed(0, 1).matmul(features) + penalty
            let weights = try gram.solve(features.transposed(0, 1).matmul(truth - offset))
            let predicted = try ((other - mean) / scale).matmul(weights) + offset
            return try judge(predicted, pick(targets(valLabels), kept.1), valLabels.target.task)
        }
    }

    /// What always answering the commonest class scores; 0 for regression.
    static func chance(_ labels: LabelledValues) -> Double {
        guard labels.target.task.isClassification, let flat: [Float] = try? targets(labels).array() else { return 0 }
        let width = flat.count / max(1, labels.isKnown.count)
        let shares = (0..<width).map { column in
            stride(from: column, to: flat.count, by: width).reduce(0.0) { $0 + Double(flat[$1]) }
                / Double(max(1, labels.isKnown.count))
        }
        switch labels.target.task {
        case .multiclass: return shares.max() ?? 0
        default: return shares.map { max($0, 1 - $0) }.reduce(0, +) / Double(max(1, width))
        }
    }

    /// `[N, C]`: classes as one of C, other labels as they are.
    private static func targets(_ labels: LabelledValues) throws -> Tensor {
        guard labels.target.task == .multiclass else { return try labels.tensor() }
        let count = labels.target.classes.count
        let flat = labels.indices.flatMap { index in (0..<count).map { Float($0 == index ? 1 : 0) } }
        return try Tensor(flat, shape: [labels.isKnown.count, count])
    }

    private static func judge(_ predicted: Tensor, _ truth: Tensor, _ task: TaskKind) throws -> Double {
        switch task {
        case .multiclass:
            let right = try (predicted.argmax(1) - truth.argmax(1)).isDifferent(from: 0).converted(to: .float64).mean()
            return try 1 - right.item()
        case .binary, .multilabel:
            let wrong = try (predicted.less(than: 0.5).converted(to: .float64) + truth).adding(-1).absolute().mean()
            return try 1 - wrong.item()
        case .regression:
            let residual = try (predicted - truth).power(2).sum().item()
            let spread = try (truth - truth.mean()).power(2).sum().item()
            return spread > 0 ? 1 - residual / spread : 0
        }
    }
}
