internal import Torch

/// Rows of two sides, the reference's and the new ones, and the same rows with the sides dealt out anew, over and over: what a difference
/// of the two sides is held against.
///
/// Rows of one unit, a group of the manifest, change sides together.
struct PermutedSides {
    /// Float64 `[N, 1 + draws]`: 1 where a row is new. The first column is as it is.
    let isNew: Tensor
    /// The fold of each row, by which units it belongs to, and whatever side it is on.
    let folds: [Int]
    /// How many folds there are.
    let count: Int

    /// The most folds.
    static let mostFolds = 5

    /// - Parameters:
    ///   - reference: The unit of each row of the reference; they come first.
    ///   - new: The unit of each new row. No unit is on both sides, whatever its number.
    ///   - draws: How often sides are dealt out.
    ///   - seed: Another seed deals them otherwise.
    init(reference: [Int], new: [Int], draws: Int, seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        var numbers: [Int: Int] = [:]
        func number(_ unit: Int) -> Int {
            let number = numbers[unit] ?? numbers.count
            numbers[unit] = number
            return number
        }
        let first = reference.map(number)
        let known = numbers.count
        numbers = [:]
        let units = first + new.map { known + number($0) }
        let all = known + numbers.count
        var sides = (0..<all).map { $0 >= known }
        let width = 1 + draws
        var flags = [Double](repeating: 0, count: units.count * width)
        for draw in 0..<width {
            if draw > 0 { sides.shuffle(using: &random) }
            for row in units.indices where sides[units[row]] { flags[row * width + draw] = 1 }
        }
        isNew = try Tensor(flags, shape: [units.count, width])
        let order = (0..<all).shuffled(using: &random)
        count = max(2, min(Self.mostFolds, all))
        folds = units.map { [count] in order[$0] % count }
    }

    /// Sides that are known.
    init(isNew: Tensor, folds: [Int], count: Int) { (self.isNew, self.folds, self.count) = (isNew, folds, count) }

    /// The p-value of a statistic that is large where sides differ, from its value on each column.
    static func p(_ values: [Double]) -> Double {
        guard let found = values.first else { return 1 }
        return Double(values.count { $0 >= found }) / Double(values.count)
    }

    /// 1 where a row is in a fold, else 0, float64 `[N, 1]`.
    func isHeld(in fold: Int) throws -> Tensor { try Tensor(folds.map { $0 == fold ? 1.0 : 0 }, shape: [folds.count, 1]) }

    /// How much each row counts in the mean of the new side, and in that of the reference, among rows that `isCounted` is 1 of.
    ///
    /// - Parameters:
    ///   - sides: Columns of `isNew`.
    ///   - isCounted: `[N, 1]`.
    static func shares(_ sides: Tensor, _ isCounted: Tensor) throws -> (new: Tensor, reference: Tensor) {
        let new = try sides * isCounted
        let reference = try isCounted - new
        return (
            try new / new.sum([0], keep: true).clamped(atLeast: 1),
            try reference / reference.sum([0], keep: true).clamped(atLeast: 1)
        )
    }
}
