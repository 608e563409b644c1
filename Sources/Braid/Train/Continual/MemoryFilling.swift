internal import Foundation
internal import Torch

/// Fills a memory at the end of a stage: from what was remembered, and from the samples of a split.
struct MemoryFilling {
    let settings: MemorySettings
    let context: TrainingContext
    /// What was learnt from, or judged by.
    let source: BatchSource
    /// How many samples there is room for.
    let count: Int
    /// Whether what the model says of each sample is kept.
    var keepsLogits = false

    /// The memory of the next stage. Of what was remembered before, logits stay as they were.
    func callAsFunction(_ earlier: SampleMemory?) throws -> SampleMemory {
        let (model, train) = (context.model, source)
        let column = model.targets[0].column
        let rows = train.samples.indices.filter { row in
            settings.isBalanced
                ? train.samples[row].labels[column] != nil
                : model.targets.contains { train.samples[row].labels[$0.column] != nil }
        }
        let ranks = try settings.fill == .reservoir ? drawn(rows.count) : herded(rows, column)
        let before = earlier?.rows ?? []
        let candidates =
            before.map { MemoryChoice.Candidate(label: $0.labels[column] ?? "", rank: $0.rank) }
            + zip(rows, ranks).map { .init(label: train.samples[$0].labels[column] ?? "", rank: $1) }
        let kept = MemoryChoice.kept(candidates, count: count, isBalanced: settings.isBalanced)
        let (old, new) = (kept.filter { $0 < before.count }, kept.filter { $0 >= before.count }.map { $0 - before.count })
        let seen = (earlier?.seen ?? 0) + rows.count
        return try joined(earlier, old, new.map { rows[$0] }, ranks: new.map { ranks[$0] }, seen: seen)
    }

    /// A number a sample, drawn once and for all. Each stage draws others.
    private func drawn(_ count: Int) -> [Double] {
        var random = RandomSource(seed: UInt64(context.seed) &+ UInt64(context.earlier?.nextStage ?? 1) << 32)
        return (0..<count).map { _ in Double.random(in: 0..<1, using: &random) }
    }

    /// The place of each row in the order of its class; those behind all places that there are have the last.
    private func herded(_ rows: [Int], _ column: String) throws -> [Double] {
        let features = try self.features(rows)
        var ranks = Array(repeating: Double.infinity, count: rows.count)
        for (_, places) in Dictionary(grouping: rows.indices, by: { source.samples[rows[$0]].labels[column] ?? "" }) {
            let order = try Tensor(places.map(Int64.init), shape: [places.count]).moved(to: features.device)
            for (rank, chosen) in try MemoryChoice.herding(features.rows(order), count: count).enumerated() {
                ranks[places[chosen]] = Double(rank)
            }
        }
        return ranks
    }

    /// The fused embeddings of rows, `[N, D]`.
    private func features(_ rows: [Int]) throws -> Tensor {
        var parts: [Tensor] = []
        try withoutGradient {
            try source.subset(rows).forEachBatch(256) { parts.append(try context.model($0).fused.moved(to: .cpu)) }
        }
        return try .concatenate(parts, 0)
    }

    private func joined(
        _ earlier: SampleMemory?, _ old: [Int], _ new: [Int], ranks: [Double], seen: Int
    ) throws -> SampleMemory {
        let (model, train) = (context.model, source)
        let fresh = try train.subset(new)
        let keepsMedia = !train.isEncoded
        let rows =
            try old.compactMap { keepsMedia ? earlier?.rows[$0] : earlier?.rows[$0].withoutMedia() }
            + zip(fresh.samples, ranks).map { try RememberedRow($0, rank: $1, keepsMedia: keepsMedia) }
        let all: BatchSource
        if keepsMedia {
            all = train.holding(
                rows.map { $0.sample() }, [:], presence: old.compactMap { earlier?.source.presence[$0] } + fresh.presence)
        } else {
            all = try embeddings(earlier, old, fresh, rows)
        }
        guard keepsLogits else { return SampleMemory(rows: rows, source: all, logits: [], known: [], seen: seen) }
        let answers = try new.isEmpty ? [] : model.logits(fresh, presence: fresh.presence)
        let order = try Tensor(old.map(Int64.init), shape: [old.count]).moved(to: context.device)
        let logits = try model.targets.indices.map { head in
            let parts = [try old.isEmpty ? nil : earlier?.logits[head].rows(order), answers.isEmpty ? nil : answers[head]]
            return try Tensor.concatenate(parts.compactMap { $0 }, 0)
        }
        let outputs = model.targets.map(\.outputs)
        return SampleMemory(
            rows: rows, source: all, logits: logits,
            known: old.compactMap { earlier?.known[$0] } + new.map { _ in outputs }, seen: seen)
    }

    /// The embeddings of what stays and of what is new, one behind the other.
    private func embeddings(
        _ earlier: SampleMemory?, _ old: [Int], _ fresh: BatchSource, _ rows: [RememberedRow]
    ) throws -> BatchSource {
        var parts: [Modality: EmbeddingRows] = [:]
        for modality in fresh.modalities {
            guard let new = fresh.embeddings[modality] else { continue }
            parts[modality] =
                try old.isEmpty ? new : earlier?.source.embeddings[modality]?.subset(old).followed(by: new) ?? new
        }
        let presence = old.compactMap { earlier?.source.presence[$0] } + fresh.presence
        return context.train.holding(rows.map { $0.sample() }, parts, presence: presence)
    }
}
