internal import Torch

/// Which samples a memory keeps.
enum MemoryChoice {
    /// A sample that could be kept.
    struct Candidate {
        /// Of the first head, where classes have a share each; else the same of all.
        let label: String
        /// The lower, the sooner it is kept: a number drawn once and for all, or the place in the herding order.
        let rank: Double
    }

    /// The candidates that are kept, by number, the ones that stay longest first.
    ///
    /// Ranks that are drawn evenly make it a reservoir: whatever came when, each has the same chance to be among the lowest `count`. With classes
    /// balanced, every class keeps its lowest, one after the other, until the memory is full: so shares differ by one at most, unless a
    /// class has fewer.
    ///
    /// - Parameters:
    ///   - count: How many there is room for.
    ///   - isBalanced: Whether each label has the same share.
    static func kept(_ candidates: [Candidate], count: Int, isBalanced: Bool) -> [Int] {
        let byRank = candidates.indices.sorted { (candidates[$0].rank, $0) < (candidates[$1].rank, $1) }
        guard isBalanced else { return Array(byRank.prefix(count)) }
        var sizes: [String: Int] = [:]
        let places = byRank.map { number -> (turn: Int, label: String, number: Int) in
            let label = candidates[number].label
            sizes[label, default: 0] += 1
            return (sizes[label, default: 0], label, number)
        }
        return places.sorted { ($0.turn, $0.label) < ($1.turn, $1.label) }.prefix(count).map(\.number)
    }

    /// The herding order of iCaRL (Rebuffi et al. 2017, arXiv:1611.07725, algorithm 4): each next sample is the one with which the mean of those
    /// taken comes nearest to the mean of all.
    ///
    /// - Parameters:
    ///   - features: `[N, D]`, of one class; they are normalised to length 1 here.
    ///   - count: How many places of the order are wanted, at most.
    /// - Returns: The numbers of the rows, at most `count`.
    static func herding(_ features: Tensor, count: Int) throws -> [Int] {
        try withoutGradient {
            let rows = try features.moved(to: .cpu).converted(to: .float64).normalized()
            let mean = try rows.mean([0])
            // Of vectors of length 1 the distance is least where the product with what is lacking, k times the mean less the sum, is most.
            var lacking = try mean.cloned()
            var order: [Int] = []
            var isTaken = Array(repeating: false, count: rows.shape[0])
            while order.count < min(count, rows.shape[0]) {
                let products = try rows.matmul(lacking).array(of: Double.self)
                let free = products.indices.filter { !isTaken[$0] }
                guard let next = free.max(by: { products[$0] < products[$1] }) else { break }
                order.append(next)
                isTaken[next] = true
                lacking = try lacking + mean - rows.select(0, next)
            }
            return order
        }
    }
}
