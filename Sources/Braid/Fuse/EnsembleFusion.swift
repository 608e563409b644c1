// Caruana et al. 2004, "Ensemble Selection from Libraries of Models", ICML.
internal import Foundation
public import Torch

/// Several fusions with heads of their own, whose probabilities are averaged; each member is made as if it were alone.
public struct EnsembleFusion: Fusion {
    /// The outputs of all heads.
    public let dimension: Int
    let targets: [Target]
    /// What the members are.
    let settings: Members
    private let members: [Member]
    /// `[members]`, adding up to 1.
    private let weights: Tensor

    private struct Member {
        let fusion: any Fusion
        /// nil where the fusion has heads of its own.
        let heads: TaskHeads?
        /// By head, a scalar: what logits are divided by.
        let temperatures: [Tensor]
    }

    /// Which fusions the members are, and what each counts.
    struct Members: Sendable, Equatable {
        let kinds: [FusionKind]
        /// nil where the val split is to tell.
        let weights: [Double]?
    }

    /// Declares the members' weights in `scope`, a number each: under `fusion`, `head` and `temperature`.
    init(
        _ scope: Scope, _ modalities: [FusedModality], _ targets: [Target], _ settings: Members,
        _ makes: [FusionKind.MakeForTargets],
        heads: (Scope, Int) throws -> TaskHeads
    ) throws {
        (self.targets, self.settings) = (targets, settings)
        members = try zip(settings.kinds, makes).enumerated().map { index, member in
            let place = scope / index
            let fusion = try member.1(place / "fusion", modalities, targets, heads)
            return Member(
                fusion: fusion, heads: member.0.hasOwnHeads ? nil : try heads(place / "head", fusion.dimension),
                temperatures: try targets.map { try (place / "temperature").buffer($0.name, [], .constant(1)) })
        }
        weights = try scope.buffer("weights", [makes.count], .constant(1 / Double(max(1, makes.count))))
        dimension = targets.reduce(0) { $0 + $1.outputs }
    }

    /// Logits of the averaged probabilities.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let said = try members.map { member in
            let fused = try member.fusion(input, mode: mode)
            let logits = try fused.logits ?? member.heads?(fused.embedding, mode: mode) ?? []
            return try zip(logits, member.temperatures).map { try $0 / $1 }
        }
        let logits = try targets.indices.map { head in
            try Self.averaged(said.map { $0[head] }, weights, targets[head])
        }
        let nothing = try input.parts.map { try Tensor.zeros([$0.pooled.shape[0], 1]).moved(to: $0.pooled.device) }
        return Fused(embedding: try .concatenate(logits, 1), projections: nothing, logits: logits)
    }

    /// The logits `[B, C]` whose probabilities are the mean of the members', weighed; of numbers the mean itself.
    ///
    /// - Parameters:
    ///   - logits: `[B, C]` a member.
    ///   - weights: `[members]`, adding up to 1.
    ///   - target: What they predict.
    static func averaged(_ logits: [Tensor], _ weights: Tensor, _ target: Target) throws -> Tensor {
        let isSoftmax = target.form == .classes && target.outputs > 1
        let values = try logits.map { target.form == .number ? $0 : isSoftmax ? try $0.softmax(1) : try $0.sigmoid() }
        var mean: Tensor?
        for (index, value) in values.enumerated() {
            let share = try value * weights.select(0, index)
            mean = try mean.map { try $0 + share } ?? share
        }
        guard let mean else { throw BraidError(.internal, "an ensemble of no member") }
        guard target.form != .number else { return mean }
        let logs = try mean.clamped(atLeast: smallest).log()
        guard !isSoftmax else { return logs }
        return try logs - mean.scaled(by: -1).adding(1).clamped(atLeast: smallest).log()
    }

    /// The least probability that has a logarithm here.
    private static let smallest = 1e-12

    /// Takes what members were made of: values by path as in a model of their own, and temperatures by head.
    func adopt(
        _ made: [(entries: [String: Tensor], temperatures: [Double])], weights shares: [Double], _ parameters: ParameterStore
    ) throws {
        try withoutGradient {
            for (index, member) in made.enumerated() {
                for entry in parameters.entries {
                    let prefix = "fusion.\(index)."
                    guard entry.path.hasPrefix(prefix), let value = member.entries[String(entry.path.dropFirst(prefix.count))]
                    else { continue }
                    try entry.tensor.copyInPlace(from: value)
                }
                for (tensor, temperature) in zip(members[index].temperatures, member.temperatures) {
                    try tensor.copyInPlace(from: .full([], temperature))
                }
            }
            try weights.copyInPlace(from: Tensor(shares.map(Float.init), shape: [shares.count]))
        }
    }
}

extension FusionKind {
    /// Several fusions' answers, averaged.
    public static let ensemble = FusionKind(ensembling: "ensemble", paper: "Caruana et al. 2004, ICML") { reader, basics in
        let members = EnsembleFusion.Members(&reader)
        var scratch = ConfigurationReader(ConfigurationDocument(yaml: "", file: ""))
        let makes = members.kinds.map { $0.read(&scratch, Basics(dimension: $0.standardDimension, dropout: basics.dropout)) }
        return { try EnsembleFusion($0, $1, $2, members, makes, heads: $3) }
    }
}

extension EnsembleFusion.Members {
    /// Reads `fusion.members` and `fusion.weights`.
    init(_ reader: inout ConfigurationReader) {
        let able = FusionKind.fusions.filter { !$0.takesTokens }
        let standard = [FusionKind.stacked, .late, .concat].map(\.name)
        let names =
            reader.read(
                "fusion.members", standard,
                "ensemble: The fusions whose probabilities are averaged, each with settings as they come; one that is named twice is trained with two seeds.",
                expected: "a list of \(able.map(\.name).joined(separator: ", "))",
                schema: [
                    "type": "array", "items": ["type": "string", "enum": able.map(\.name)] as [String: any Sendable],
                    "default": standard,
                ],
                parse: { given in
                    let names = given.items?.compactMap(\.text) ?? []
                    let isWhole = names.count == given.items?.count && !names.isEmpty
                    return isWhole && names.allSatisfy { name in able.contains { $0.name == name } } ? names : nil
                }, represent: { .list($0.map { .text($0) }) }) ?? standard
        kinds = names.compactMap { name in able.first { $0.name == name } }
        let count = names.count
        let shares: [Double]? = reader.read(
            "fusion.weights", nil, "ensemble: What each member counts. Default: what lowers the loss on val, by greedy selection.",
            expected: "\(count) numbers from 0 up, one a member, not all of them 0",
            schema: ["type": "array", "items": ["type": "number", "minimum": 0] as [String: any Sendable]],
            parse: { given in
                let numbers = given.items?.compactMap(\.double) ?? []
                let isGood = numbers.count == count && numbers.allSatisfy { $0 >= 0 && $0.isFinite } && numbers.reduce(0, +) > 0
                return isGood && given.items?.count == count ? numbers : nil
            }, represent: { .list($0.map { .number($0) }) })
        weights = shares.map { shares in shares.map { $0 / shares.reduce(0, +) } }
    }
}
