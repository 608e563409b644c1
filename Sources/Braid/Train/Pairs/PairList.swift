/// The pairs of a pass: alike and different in turn, as many of each as the sampling says.
struct PairList {
    /// Two samples by number, and whether they belong together.
    struct Pair: Equatable {
        let first: Int32
        let second: Int32
        let isAlike: Bool
    }

    let pairs: [Pair]
    /// How many of them are alike.
    let alike: Int

    init(_ pairs: [Pair]) {
        self.pairs = pairs
        alike = pairs.count { $0.isAlike }
    }

    /// The most pairs of a pass, and the most samples they are drawn from: this is training for few labels.
    static let most = (pairs: 20_000_000, samples: 50_000)

    /// Draws the pairs of each kind without putting any back, and begins again with the first where they do not suffice.
    ///
    /// - Parameters:
    ///   - table: What there is to draw from.
    ///   - sampling: How many are drawn.
    ///   - limit: The most pairs that are of use; nil for all. SetFit's `max_pairs`.
    ///   - seed: What the draws follow from.
    /// - Throws: `BraidError` where there are no pairs of a kind, or too many.
    init(_ table: PairTable, _ sampling: PairSampling, limit: Int?, seed: String) throws {
        let cap = limit.map { max(1, $0 / 2) } ?? .max
        let known = (alike: min(table.alike, cap), different: min(table.different, cap))
        guard known.alike > 0, known.different > 0 else {
            throw BraidError(
                .badData,
                "training.contrastive: the \(table.count) samples to pair are \(known.alike > 0 ? "all alike" : "all different"); pairs need two classes or more"
            )
        }
        let wanted = sampling.counts(samples: table.count, alike: known.alike, different: known.different)
        guard wanted.alike + wanted.different <= Self.most.pairs else {
            throw BraidError(
                .badConfiguration,
                "training.contrastive: \(table.count) samples make \(wanted.alike + wanted.different) pairs a pass, more than \(Self.most.pairs); set training.contrastive.iterations or max_steps"
            )
        }
        func drawn(_ wanted: Int, of known: Int, _ all: Int, isAlike: Bool) -> [Pair] {
            var draws = Draws("\(seed) pairs \(isAlike ? "alike" : "different")")
            let distinct = draws.distinct(min(wanted, known), below: all).map { number in
                let pair = table.pair(number, isAlike: isAlike)
                return Pair(first: Int32(pair.first), second: Int32(pair.second), isAlike: isAlike)
            }
            return (0..<wanted).map { distinct[$0 % distinct.count] }
        }
        let alike = drawn(wanted.alike, of: known.alike, table.alike, isAlike: true)
        let different = drawn(wanted.different, of: known.different, table.different, isAlike: false)
        let shorter = min(alike.count, different.count)
        self.init(
            (0..<shorter).flatMap { [alike[$0], different[$0]] } + alike.dropFirst(shorter) + different.dropFirst(shorter))
    }
}

extension Draws {
    /// The first `count` of the numbers below `all` in an order drawn, in memory that grows with `count` alone.
    mutating func distinct(_ count: Int, below all: Int) -> [Int] {
        var moved: [Int: Int] = [:]
        return (0..<count).map { place in
            let other = place + below(all - place)
            let taken = moved[other] ?? other
            moved[other] = moved[place] ?? place
            return taken
        }
    }
}
