// Wang et al. 2020, "What Makes Training Multi-modal Classification Networks Hard?", arXiv:1905.12681.
internal import Foundation
internal import Torch

/// Trains heads on each modality beside the fused ones, and weighs their losses by how well each generalises.
final class GradientBlending: TrainingPlugin {
    private let context: TrainingContext
    private let heads: AuxiliaryHeads
    private let every: Int
    private var weights: BlendingWeights
    /// A part of the train split, and val, with their losses: both are measured by the same model, with nothing dropped.
    private let measured: [(data: BatchSource, objective: Objective)]

    /// More samples of the train split say nothing more about its mean loss.
    private static let samples = 1000

    /// - Parameter every: Epochs between two estimates of the weights.
    init(_ context: TrainingContext, every: Int) throws {
        (self.context, self.every) = (context, every)
        heads = try AuxiliaryHeads(context.model, device: context.device)
        weights = BlendingWeights(modalities: context.model.modalities.count)
        let step = max(1, context.train.samples.count / Self.samples)
        let part = try context.train.subset(Array(stride(from: 0, to: context.train.samples.count, by: step)))
        measured = try [part, context.val].map { ($0, try Objective(context.model, $0, device: context.device)) }
    }

    var parameters: ParameterStore? { heads.parameters }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        let parts = try [loss] + alone(step, mode: .train)
        return try Objective.sum(zip(parts, weights.weights).map { try $0.scaled(by: $1) }) ?? loss
    }

    /// The loss of each modality by itself.
    private func alone(_ step: TrainingStep, mode: Mode) throws -> [Tensor] {
        try heads(step.output.projections, mode: mode).enumerated().map { index, logits in
            try step.loss(of: logits, counted: step.isVisible(index))
        }
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        // The first estimate is what the next ones are compared with.
        if epoch == 1 || epoch.isMultiple(of: every) {
            let losses = try measured.map { try means($0.data, $0.objective) }
            weights.update(.init(train: losses[0], val: losses[1]))
        }
        let names = ["fused"] + context.model.modalities.map(\.rawValue)
        return PluginFindings(figures: Dictionary(uniqueKeysWithValues: zip(names.map { "blending/\($0)" }, weights.weights)))
    }

    /// The mean loss of the fused output and of each modality alone, in evaluation.
    private func means(_ data: BatchSource, _ objective: Objective) throws -> [Double] {
        var means = MeanLosses()
        try withoutGradient {
            try data.forEachBatch(512) { batch in
                let (step, loss) = try objective(batch, context.model(batch))
                let parts = try [loss] + alone(step, mode: .evaluate)
                means.add(try parts.map { try $0.item() }, count: batch.count)
            }
        }
        return means.means
    }

    func state() throws -> Data? { try JSONEncoder().encode(weights) }
    func restore(_ state: Data) throws { weights = try JSONDecoder().decode(BlendingWeights.self, from: state) }
}

/// Running means of several losses over an epoch.
private struct MeanLosses {
    private var sums: [Double] = []
    private var count = 0

    mutating func add(_ values: [Double], count: Int) {
        if sums.isEmpty { sums = Array(repeating: 0, count: values.count) }
        for (index, value) in values.enumerated() { sums[index] += value * Double(count) }
        self.count += count
    }

    var means: [Double] { sums.map { $0 / Double(max(1, count)) } }
}

/// Heads on each modality by itself, of which only training makes use.
struct AuxiliaryHeads {
    let parameters: ParameterStore
    private let heads: [TaskHeads]
    private let dropout: Double

    init(_ model: FusionModel, device: Device) throws {
        parameters = ParameterStore(device: device)
        let scope = Scope(parameters) / "auxiliary"
        let outputs = zip(model.settings.heads, model.targets).map { (settings: $0, target: $1) }
        heads = try model.modalities.map { try TaskHeads(scope / $0.rawValue, model.settings.fusion.dimension, outputs) }
        dropout = model.settings.fusion.dropout
    }

    /// Logits by modality and head.
    func callAsFunction(_ projections: [Tensor], mode: Mode) throws -> [[Tensor]] {
        try zip(heads, projections).map { try $0($1.gelu().dropout(dropout, mode: mode), mode: mode) }
    }
}

/// Weighs the losses of the fused output and of each modality alone by how well each generalises: G / O², where G is how
/// much its validation loss fell since the last estimate, and O how much its gap to the training loss grew.
struct BlendingWeights: Codable, Equatable {
    /// Of the fused output, and then of each modality; they add up to 1.
    private(set) var weights: [Double]
    private var last: Losses?

    /// In the order of the weights.
    struct Losses: Codable, Equatable {
        let train: [Double]
        let val: [Double]
    }

    init(modalities: Int) { weights = Array(repeating: 1 / Double(modalities + 1), count: modalities + 1) }

    /// Takes new losses, and estimates the weights anew where there are earlier ones to compare with.
    mutating func update(_ now: Losses) {
        defer { last = now }
        guard let last else { return }
        let ratios = weights.indices.map { index -> Double in
            let generalised = last.val[index] - now.val[index]
            let overfitted = (now.val[index] - now.train[index]) - (last.val[index] - last.train[index])
            // What did not get better gets little weight; what did without overfitting is bounded, not infinite.
            return min(max(generalised, 0) / max(overfitted * overfitted, 1e-6), Self.most) + Self.least
        }
        let sum = ratios.reduce(0, +)
        weights = ratios.map { $0 / sum }
        // Whatever single modalities do, the fused output is what is wanted.
        guard weights[0] < Self.fused else { return }
        let rest = 1 - weights[0]
        weights = weights.enumerated().map { $0 == 0 ? Self.fused : rest > 0 ? $1 / rest * (1 - Self.fused) : 0 }
    }

    /// The bounds of a ratio, and the least weight of the fused output.
    private static let (least, most, fused) = (0.1, 10.0, 0.25)
}
