internal import Torch

/// What each view counts in each set of modalities that a sample may have.
struct StackedVotes {
    let views: [StackedFusion.View]
    /// By view; nil where it was not fitted.
    let experts: [StackedFit.Expert?]
    let set: FittingSet
    let head: Int

    /// More rows than these say nothing more about a few weights.
    private static let mostRows = 20_000

    /// By set of modalities, whose bits are its number, and view.
    func table() throws -> [[Double]] {
        let modalities = set.embeddings.count
        var table = Array(repeating: Array(repeating: 0.0, count: views.count), count: 1 << modalities)
        for number in 1..<1 << modalities {
            let there = views.indices.filter { index in
                experts[index] != nil && views[index].modalities.allSatisfy { number & 1 << $0 != 0 }
            }
            guard !there.isEmpty else { continue }
            let rows = set.presence.indices.filter { row in
                (0..<modalities).allSatisfy { number & 1 << $0 == 0 || set.presence[row][$0] }
            }
            let found = try weights(there, rows)
            for (index, weight) in zip(there, found) { table[number][index] = weight }
        }
        return table
    }

    /// The weights of some views on the samples that have all of them.
    ///
    /// Where held-out rows show that no view is better than saying nothing, all weights are 0; of a few rows that is often chance, and a model
    /// whose logits are all alike cannot even be right by luck. Single modalities then speak alike, so low that the loss hardly knows: with a
    /// sum of weights of one over the rows.
    private func weights(_ chosen: [Int], _ all: [Int]) throws -> [Double] {
        let found = try fitted(chosen, all)
        let singles = chosen.count { views[$0].modalities.count == 1 }
        let rows = set.judged(all, head).reduce(0, +)
        let least = 1 / Swift.max(1, rows)
        guard singles > 0, found.reduce(0, +) < least else { return found }
        return chosen.map { views[$0].modalities.count == 1 ? least / Double(singles) : 0 }
    }

    private func fitted(_ chosen: [Int], _ all: [Int]) throws -> [Double] {
        let stride = Swift.max(1, all.count / Self.mostRows)
        let rows = all.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
        let counts = set.judged(rows, head)
        let singles = chosen.filter { views[$0].modalities.count == 1 }
        guard counts.reduce(0, +) >= Double(StackedFit.fewest) else {
            // Nobody can tell: each says the same.
            return chosen.map { views[$0].modalities.count == 1 ? 1 / Double(Swift.max(1, singles.count)) : 0 }
        }
        let logits = try chosen.map { try self.logits($0, rows) }
        let everything = try VoteFit(logits, loss(rows, counts)).weights()
        guard singles.count < chosen.count, !singles.isEmpty else { return everything }
        // The model of all modalities together has to earn its place on rows whose weights were fitted without them.
        guard try !earnsPlace(chosen, singles, rows, counts, logits) else { return everything }
        let few = chosen.indices.filter { singles.contains(chosen[$0]) }.map { logits[$0] }
        let alone = try VoteFit(few, loss(rows, counts)).weights()
        var next = 0
        return chosen.map { index in
            guard singles.contains(index) else { return 0 }
            defer { next += 1 }
            return alone[next]
        }
    }

    /// Whether weights with every view beat those of single modalities, fold by fold on rows that they were not fitted on.
    private func earnsPlace(
        _ chosen: [Int], _ singles: [Int], _ rows: [Int], _ counts: [Double], _ logits: [Tensor]
    ) throws -> Bool {
        var (all, alone) = (0.0, 0.0)
        let few = logits.indices.filter { singles.contains(chosen[$0]) }
        for fold in 0..<set.folds.count {
            let isHeld = rows.map { set.folds.numbers[$0] == fold }
            let (fitted, judged) = (zip(counts, isHeld).map { $1 ? 0 : $0 }, zip(counts, isHeld).map { $1 ? $0 : 0 })
            let share = judged.reduce(0, +)
            guard share > 0 else { continue }
            for (indices, isAll) in [(Array(logits.indices), true), (few, false)] {
                let experts = indices.map { logits[$0] }
                let fit = try VoteFit(experts, loss(rows, fitted))
                let found = try loss(rows, judged).mean(fit.fused(fit.weights())) * share
                if isAll { all += found } else { alone += found }
            }
        }
        return all < alone
    }

    private func loss(_ rows: [Int], _ counts: [Double]) throws -> RowLoss {
        try RowLoss(set.losses[head], samples: rows, counts: counts)
    }

    /// What a view says of samples that it was held out from, `[N, C]`.
    private func logits(_ view: Int, _ rows: [Int]) throws -> Tensor {
        guard let expert = experts[view] else { throw BraidError(.internal, "a view that was not fitted") }
        let places = Dictionary(uniqueKeysWithValues: expert.samples.enumerated().map { ($1, $0) })
        let order = rows.compactMap { places[$0] }.map(Int64.init)
        return try expert.fit.heldOut.rows(Tensor(order, shape: [order.count]))
    }

    /// Held-out logits of every sample, weighed by what it has, `[N, C]`.
    func fused(_ table: [[Double]]) throws -> Tensor {
        let outputs = set.losses[head].target.outputs
        let sum = try Tensor.zeros([set.samples.count, outputs], dtype: .float64)
        let numbers = set.presence.map { row in row.indices.reduce(0) { row[$1] ? $0 | 1 << $1 : $0 } }
        for (index, expert) in experts.enumerated() {
            guard let expert else { continue }
            let weights = try Tensor(expert.samples.map { table[numbers[$0]][index] }, shape: [expert.samples.count, 1])
            let said = try expert.fit.heldOut.converted(to: .float64) * weights
            let places = try Tensor(expert.samples.map(Int64.init), shape: [expert.samples.count])
            try sum.addRowsInPlace(places, said)
        }
        return sum
    }
}
