/// An epoch, and what val said of it.
struct RankedEpoch: Codable, Equatable, Sendable {
    /// From 1.
    let epoch: Int
    /// The metric that the best checkpoint goes by; nil where it is undefined.
    let value: Double?
}

/// The best epochs so far, the best first.
struct BestEpochs: Codable, Sendable {
    private(set) var ranked: [RankedEpoch] = []

    var first: RankedEpoch? { ranked.first }

    func holds(_ epoch: Int) -> Bool { ranked.contains { $0.epoch == epoch } }

    /// Takes in an epoch that is later than all before, and keeps `count` of them.
    mutating func add(_ epoch: Int, _ value: Double?, by metric: Metric, keeping count: Int) {
        let new = RankedEpoch(epoch: epoch, value: value.flatMap { $0.isNaN ? nil : $0 })
        // Of equals the earlier stays in front; where nothing is known, the latest is the best.
        let place = ranked.firstIndex { other in
            guard let theirs = other.value else { return true }
            return new.value.map { metric.isBetter($0, than: theirs) } ?? false
        }
        ranked.insert(new, at: place ?? ranked.count)
        ranked = Array(ranked.prefix(count))
    }
}
