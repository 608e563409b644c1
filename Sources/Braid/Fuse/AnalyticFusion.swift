// Ridge: Zhuang et al. 2022, "ACIL: Analytic Class-Incremental Learning with Absolute Memorization and Privacy Protection", arXiv:2205.14922.
// LDA: Hayes and Kanan 2020, "Lifelong Machine Learning with Deep Streaming Linear Discriminant Analysis", arXiv:1909.01520.
internal import Foundation
public import Torch

/// A linear model on the embeddings of each set of modalities that a sample may have, solved from sums over rows.
///
/// The sums are all that it knows of its rows, and are kept with the model: a training that goes on from it adds those of its own rows, and
/// comes to the very model that a training on all rows at once comes to, in whatever order they came.
public final class AnalyticFusion: AccumulatingFusion {
    /// How a model is made of the sums.
    public enum Method: String, CaseIterable, Sendable {
        /// Least squares of columns of 0 and 1 with an L2 penalty, which generalised cross-validation chooses.
        case ridge
        /// Linear discriminant analysis, its covariance shrunk as the oracle approximating shrinkage says.
        case lda
    }

    let method: Method
    let modalities: [FusedModality]
    let targets: [Target]
    /// By set of modalities, less 1, and head.
    private let models: [[(weight: Tensor, bias: Tensor)]]
    /// What an earlier model has handed on.
    private var earlier: AnalyticStatistics?
    /// Whether a sample is in those sums already.
    private var isKnown: (Sample) -> Bool = { _ in false }
    /// Of the last fit.
    private var statistics: AnalyticStatistics?

    /// The outputs of all heads.
    public let dimension: Int

    /// Declares the models in `scope`: those of a checkpoint, or zeros until they are fitted.
    ///
    /// - Parameters:
    ///   - scope: The fusion's place in the model.
    ///   - modalities: What is fused, in the model's order.
    ///   - targets: What each head predicts.
    ///   - method: How a model is made of the sums.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a value cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ targets: [Target], _ method: Method) throws {
        (self.modalities, self.targets, self.method) = (modalities, targets, method)
        models = try (1..<1 << modalities.count).map { number in
            let present = modalities.indices.filter { number & 1 << $0 != 0 }
            let name = present.map { modalities[$0].name }.joined(separator: "_")
            let size = present.reduce(0) { $0 + modalities[$1].dimension }
            return try targets.map { target in
                let place = scope / name / target.name
                return (
                    try place.parameter("weight", [target.outputs, size], .constant(0)),
                    try place.parameter("bias", [target.outputs], .constant(0))
                )
            }
        }
        dimension = targets.reduce(0) { $0 + $1.outputs }
    }

    /// The logits of the model for what each sample has.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let device = input.presence.device
        let bits = try Tensor(modalities.indices.map { Int64(1 << $0) }, shape: [modalities.count]).moved(to: device)
        let sets = try (input.presence.converted(to: .int64) * bits).sum([1])
        let parts = try modalities.indices.map { index in
            try input.parts[index].pooled.where(input.isPresent(index), else: .zeros([]).moved(to: device))
        }
        var logits = try targets.map { try Tensor.zeros([sets.shape[0], $0.outputs]).moved(to: device) }
        for number in Set(try sets.moved(to: .cpu).array(of: Int64.self).map(Int.init)).sorted() where number > 0 {
            let present = parts.indices.filter { number & 1 << $0 != 0 }
            let x = present.count == 1 ? parts[present[0]] : try .concatenate(present.map { parts[$0] }, 1)
            let isOther = try sets.isDifferent(from: Double(number)).unsqueezed(1)
            for (head, model) in models[number - 1].enumerated() {
                logits[head] = try logits[head].where(isOther, else: x.linear(model.weight, bias: model.bias))
            }
        }
        let nothing = try input.parts.map { try Tensor.zeros([$0.pooled.shape[0], 1]).moved(to: $0.pooled.device) }
        return Fused(embedding: try .concatenate(logits, 1), projections: nothing, logits: logits)
    }

    func begin(with folder: URL, counts isKnown: @escaping (Sample) -> Bool) throws {
        let heads = targets.map { (name: $0.name, columns: Self.columns($0)) }
        earlier = try AnalyticStatistics(folder, heads: heads, sizes: modalities.map(\.dimension))
        self.isKnown = isKnown
    }

    func write(to folder: URL) throws {
        guard let statistics else { throw BraidError(.internal, "fusion.type: analytic was not fitted") }
        try statistics.write(to: folder, heads: targets.map(\.name))
    }

    func fit(_ set: FittingSet, like earlier: FittingRecord?) throws -> FittingRecord {
        try withoutGradient { try fitted(set) }
    }

    private func fitted(_ set: FittingSet) throws -> FittingRecord {
        for target in targets { try check(target) }
        let values = try set.labels.map(Self.values)
        let rows = set.samples.indices.filter { !isKnown(set.samples[$0]) }
        let new = try AnalyticStatistics(set, rows: rows, targets: values)
        let all = try earlier.map { try $0 + new } ?? new
        statistics = all
        var figures: [String: Double] = [:]
        var choices: [[AnalyticFit.Choice?]] = []
        let fit = AnalyticFit(fusion: self, statistics: all)
        for (index, heads) in models.enumerated() {
            choices.append([])
            for (head, model) in heads.enumerated() {
                let found = try fit.solution(head: head, subset: index + 1)
                try model.weight.copyInPlace(from: found?.linear.weight ?? .zeros([]))
                try model.bias.copyInPlace(from: found?.linear.bias ?? .zeros([]))
                let prefix = targets.count > 1 ? "\(targets[head].name)." : ""
                figures["\(prefix)\(method == .ridge ? "penalty" : "shrinkage")/\(name(index + 1))"] = found?.choice.strength
                choices[index].append(found?.choice)
            }
        }
        return FittingRecord(figures: figures, heldOut: try heldOut(set, rows, all, values, choices), choices: ())
    }

    /// Logits of each row by models whose sums lack its fold, with what all sums have chosen.
    private func heldOut(
        _ set: FittingSet, _ rows: [Int], _ all: AnalyticStatistics, _ values: [Tensor], _ choices: [[AnalyticFit.Choice?]]
    ) throws -> [Tensor] {
        let said = try targets.map { try Tensor.zeros([set.samples.count, $0.outputs], dtype: .float64) }
        for fold in 0..<set.folds.count {
            let held = set.samples.indices.filter { set.folds.numbers[$0] == fold }
            let out = Set(held).intersection(rows).sorted()
            let rest = AnalyticFit(fusion: self, statistics: try all - AnalyticStatistics(set, rows: out, targets: values))
            for (number, members) in Dictionary(grouping: held, by: { AnalyticStatistics.number(set.presence[$0]) })
            where number > 0 {
                let x = try AnalyticStatistics.features(set, members)
                let places = try Tensor(members.map(Int64.init), shape: [members.count])
                for head in targets.indices {
                    guard let choice = choices[number - 1][head],
                        let found = try rest.solution(head: head, subset: number, like: choice)
                    else { continue }
                    try said[head].addRowsInPlace(places, found.linear(x))
                }
            }
        }
        return said
    }

    private func name(_ number: Int) -> String {
        modalities.indices.filter { number & 1 << $0 != 0 }.map { modalities[$0].name }.joined(separator: "+")
    }

    /// - Throws: `BraidError` where sums cannot tell what a head needs.
    private func check(_ target: Target) throws {
        let isPlain =
            target.form != .classes || target.outputs == target.classes.count || (target.outputs == 1 && target.classes.count == 2)
        guard isPlain, method == .ridge || target.form == .classes else {
            throw BraidError(
                .badConfiguration,
                "fusion.analytic: \(method.rawValue): \(target.name) is not one of several classes that exclude each other; ridge takes any but ordered ones"
            )
        }
    }

    /// The columns of targets: one a class, or one number.
    private static func columns(_ target: Target) -> Int { target.form == .number ? 1 : target.classes.count }

    /// What labels mean as such columns, `[N, K]`; of rows without a label anything.
    private static func values(_ labels: LabelledValues) throws -> Tensor {
        switch labels.target.form {
        case .classes: return try Transferability.oneHot(labels.indices, count: labels.target.classes.count)
        case .flags:
            return try Tensor(labels.flags.flatMap { $0.map { $0 ? 1.0 : 0 } }, shape: [labels.count, labels.target.classes.count])
        case .number:
            let scale = labels.target.scale
            return try Tensor(labels.numbers.map { ($0 - scale.mean) / scale.deviation }, shape: [labels.count, 1])
        }
    }
}

extension FusionKind {
    /// Linear models from sums over rows, to which later trainings add theirs.
    public static let analytic = FusionKind(
        fitted: "analytic", paper: "Zhuang et al. 2022, arXiv:2205.14922", keepsStatistics: true
    ) { reader in
        let method: AnalyticFusion.Method = reader.choice(
            "fusion.analytic", .ridge,
            "How models are made of sums over rows: ridge regression, its penalty by generalised cross-validation, or linear discriminant analysis, shrunk by OAS."
        )
        return { try AnalyticFusion($0, $1, $2, method) }
    }
}
