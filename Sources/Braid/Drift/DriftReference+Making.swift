internal import Torch

extension DriftReference {
    /// What a training knows of its rows, when it keeps some.
    struct Source {
        let data: SplitData
        /// The splits that the model has learnt from: train, and val where the fusion was made of both.
        let learntFrom: Set<Split>
        /// Whose encoders the training has changed: of rows they have learnt from they say other things than of new ones.
        let changed: Set<Modality>
        /// What the model says of a split, where that is known already.
        let answered: [Split: Predictions]
    }

    /// Rows of one split.
    private struct Rows {
        let split: Split
        let isNew: Bool
        let indices: [Int]
        let source: BatchSource
    }

    /// Keeps rows that the model has not learnt from and, where they are too few, others for encoders that are as they came.
    ///
    /// - Parameters:
    ///   - model: Ready for use.
    ///   - source: Its training's rows.
    ///   - count: The most rows to keep.
    ///   - seed: Another seed keeps others.
    init(_ model: FusionModel, _ source: Source, rows count: Int, seed: Int) throws {
        let data = source.data
        let splits = [(Split.val, data.val)] + (data.test.map { [(Split.test, $0)] } ?? []) + [(Split.train, data.train)]
        let chosen = Self.chosen(splits, source, count, seed, hasFrozen: !source.changed.isSuperset(of: model.modalities))
        var gathered: [String: (rows: [Tensor], units: [Int])] = [:]
        var numbers: [String: Int] = [:]
        for rows in chosen {
            let embedded = try model.embedded(rows.source.subset(rows.indices))
            let samples = rows.indices.map { rows.source.samples[$0] }
            let units = samples.map { sample in
                let number = numbers[sample.unit] ?? numbers.count
                numbers[sample.unit] = number
                return number
            }
            func add(_ name: String, _ values: Tensor, _ places: [Int]) throws {
                guard !places.isEmpty else { return }
                let order = try Tensor(places.map(Int64.init), shape: [places.count])
                gathered[name, default: ([], [])].rows.append(try values.moved(to: .cpu).converted(to: .float32).rows(order))
                gathered[name, default: ([], [])].units += places.map { units[$0] }
            }
            for (modality, values) in zip(model.modalities, embedded.modalities) {
                guard rows.isNew || !source.changed.contains(modality) else { continue }
                try add(modality.rawValue, values, samples.indices.filter { samples[$0].has(modality) })
            }
            if rows.isNew { try add(Self.fused, embedded.fused, Array(samples.indices)) }
        }
        let all = splits.flatMap(\.1.samples)
        let present = model.modalities.map { modality in (modality.rawValue, all.count { $0.has(modality) }) }
        statistics = Statistics(
            rows: all.count, present: Dictionary(uniqueKeysWithValues: present),
            splits: Dictionary(uniqueKeysWithValues: chosen.map { ($0.split.rawValue, $0.indices.count) }),
            heads: try Self.heads(model, splits, chosen.filter(\.isNew), source))
        parts = try gathered.filter { $0.value.units.count >= Self.fewest }.mapValues { part in
            Part(rows: try .concatenate(part.rows, 0), units: part.units)
        }
    }

    /// Drawn at random: rows the model has not learnt from first.
    private static func chosen(
        _ splits: [(Split, BatchSource)], _ source: Source, _ count: Int, _ seed: Int, hasFrozen: Bool
    ) -> [Rows] {
        var random = RandomSource(seed: UInt64(seed))
        var left = count
        var places: [Split: [Int]] = [:]
        for isLearnt in hasFrozen ? [false, true] : [false] {
            let rows = splits.filter { source.learntFrom.contains($0.0) == isLearnt }
                .flatMap { split, source in source.samples.indices.map { (split, $0) } }
            for (split, row) in rows.shuffled(using: &random).prefix(left) {
                places[split, default: []].append(row)
                left -= 1
            }
        }
        return splits.compactMap { split, data in
            places[split].map {
                Rows(split: split, isNew: !source.learntFrom.contains(split), indices: $0.sorted(), source: data)
            }
        }
    }

    /// Of more classes no rates can be told from some thousand rows, and their counts would be a file too large to be read again.
    static let mostClasses = 1000

    /// Of heads whose classes exclude each other: how the model takes rows for each other that it has not learnt from. Those of more than
    /// `mostClasses` are left out.
    private static func heads(
        _ model: FusionModel, _ splits: [(Split, BatchSource)], _ chosen: [Rows], _ source: Source
    ) throws -> [Head] {
        func isKept(_ target: Target) -> Bool { target.form == .classes && target.classes.count <= mostClasses }
        guard model.targets.contains(where: isKept), !chosen.isEmpty else { return [] }
        var answers = source.answered
        for (split, data) in splits where !source.learntFrom.contains(split) && answers[split] == nil {
            answers[split] = try model.predict(data)
        }
        return try model.targets.enumerated().filter { isKept($0.element) }.map { index, target in
            let count = target.classes.count
            var confusion = Array(repeating: Array(repeating: 0, count: count), count: count)
            for (split, _) in splits where !source.learntFrom.contains(split) {
                let counts = try answers[split]?.heads[index].labelled().confusion().counts ?? []
                for (row, values) in counts.enumerated() {
                    for (column, value) in values.enumerated() { confusion[row][column] += value }
                }
            }
            let predicted = chosen.flatMap { rows in
                rows.indices.map { answers[rows.split]?.heads[index].values[$0].likeliest ?? 0 }
            }
            return Head(name: target.name, classes: target.classes, confusion: confusion, predicted: predicted)
        }
    }
}

extension FusionModel {
    /// What encoders and fusion make of `dataset`: pooled embeddings `[N, D]` a modality, in which rows of what is missing may hold
    /// anything, and fused ones.
    func embedded(_ dataset: BatchSource) throws -> (modalities: [Tensor], fused: Tensor) {
        try withoutGradient {
            var parts: [Output] = []
            try dataset.forEachBatch(dataset.isEncoded ? 256 : Self.mediaAtOnce) { parts.append(try self($0)) }
            return (
                try modalities.indices.map { column in try .concatenate(parts.map { $0.input.parts[column].pooled }, 0) },
                try .concatenate(parts.map(\.fused), 0)
            )
        }
    }
}
