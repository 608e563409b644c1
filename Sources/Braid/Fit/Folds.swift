/// Which part of k-fold cross-validation each sample is held out in.
///
/// Samples of a group stay together, each class is spread evenly over the folds, and ids decide, not the order of rows.
struct Folds: Equatable {
    /// The fold of each sample, from 0.
    let numbers: [Int]
    /// How many folds there are: as many as asked for, or one a unit where there are fewer units (groups, or samples without one).
    let count: Int

    /// - Parameters:
    ///   - samples: What is divided.
    ///   - label: The column whose classes are spread evenly; nil where labels are no classes.
    ///   - asked: How many folds are wanted, at least two.
    ///   - seed: Another seed gives another division.
    init(_ samples: [Sample], by label: String?, count asked: Int, seed: Int) {
        let places = samples.strataPositions(by: label, seed: seed, rotatesStrata: true)
        let units = Dictionary(grouping: samples.indices) { samples[$0].unit }
        count = max(1, min(asked, units.count))
        let numbers = places.map { [count] in min(count - 1, Int($0 * Double(count))) }
        guard Set(numbers).count < count else {
            self.numbers = numbers
            return
        }
        // Of a few samples in several classes none came into some fold: the folds are as even as they can be, whatever the classes.
        let ordered = units.sorted { (places[$0.value[0]], $0.key) < (places[$1.value[0]], $1.key) }
        var even = numbers
        for (rank, unit) in ordered.enumerated() {
            for index in unit.value { even[index] = rank * count / ordered.count }
        }
        self.numbers = even
    }

    /// Of `rows`, which were divided in this order: those that a fold holds out, and the others.
    func split<Row>(_ rows: [Row], holdingOut fold: Int) -> (held: [Row], rest: [Row]) {
        let part = { (isHeld: Bool) in zip(rows, numbers).filter { ($0.1 == fold) == isHeld }.map(\.0) }
        return (part(true), part(false))
    }

    /// Folds that are known.
    init(numbers: [Int], count: Int) { (self.numbers, self.count) = (numbers, count) }
}
