// Gretton et al. 2012, "A kernel two-sample test", JMLR 13.
internal import Torch

/// The maximum mean discrepancy (MMD) of two sides with a Gaussian kernel as wide as the median distance of two rows, and what is chance in it.
struct KernelTest {
    /// The unbiased estimate of MMD²; below 0 where sides are as alike as chance makes them.
    let discrepancy: Double
    /// By permutation of the sides.
    let p: Double
    /// The share of rows, a half of each side, that the kernel tells apart when it has not seen them: 0.5 where it cannot.
    let accuracy: Double

    /// - Parameters:
    ///   - x: Float64 `[N, D]`, the reference's rows first.
    ///   - sides: Of the same rows.
    init(_ x: Tensor, _ sides: PermutedSides) throws {
        let kernel = try Self.kernel(x)
        let values = try Self.discrepancies(kernel, sides.isNew)
        discrepancy = values.first ?? 0
        p = PermutedSides.p(values)
        accuracy = try Self.accuracy(kernel, sides)
    }

    /// `exp(-d² / 2m²)` of every two rows, m the median distance; 0 of a row with itself.
    static func kernel(_ x: Tensor) throws -> Tensor {
        let n = x.shape[0]
        let squares = try x.power(2).sum([1], keep: true)
        let distances = try (squares + squares.transposed(0, 1) - x.matmul(x.transposed(0, 1)).scaled(by: 2)).clamped(atLeast: 0)
        // All but the diagonal: without its first element the matrix has a diagonal's each n + 1 elements.
        let others = try distances.flattened().slice(0, 1..<n * n).reshaped([n - 1, n + 1]).slice(1, 0..<n)
        let median = try others.contiguous().median().item()
        let kernel = try distances.scaled(by: -1 / (2 * (median > 0 ? median : 1))).exp()
        return try kernel.withoutDiagonal()
    }

    /// MMD² for each column of `isNew`.
    static func discrepancies(_ kernel: Tensor, _ isNew: Tensor) throws -> [Double] {
        let isOld = try isNew.scaled(by: -1).adding(1)
        let (new, old) = (try isNew.sum([0]), try isOld.sum([0]))
        let towards = try kernel.matmul(isNew)
        let (within, across) = (try (isNew * towards).sum([0]), try (isOld * towards).sum([0]))
        let rest = try kernel.sum() - within - across.scaled(by: 2)
        let pairs = { (count: Tensor) in try (count * count.adding(-1)).clamped(atLeast: 1) }
        return try (within / pairs(new) + rest / pairs(old) - across.scaled(by: 2) / (new * old).clamped(atLeast: 1)).array(
            of: Double.self)
    }

    /// How often the nearer of the two sides' means in the kernel's space is a row's own, of folds that have not made the means.
    private static func accuracy(_ kernel: Tensor, _ sides: PermutedSides) throws -> Double {
        let isNew = try sides.isNew.slice(1, 0..<1).contiguous()
        var margins = try Tensor.zeros([isNew.shape[0], 1], dtype: .float64)
        for fold in 0..<sides.count {
            let held = try sides.isHeld(in: fold)
            let counted = try held.scaled(by: -1).adding(1)
            let shares = try PermutedSides.shares(isNew, counted)
            // Of a mean's square, pairs of different rows alone.
            func square(_ share: Tensor) throws -> Double {
                let own = try share.power(2).sum().item()
                return try (share * kernel.matmul(share)).sum().item() / max(1 - own, 1e-12)
            }
            let middle = try (square(shares.new) - square(shares.reference)) / 2
            margins = try margins + kernel.matmul(shares.new - shares.reference).adding(-middle) * held
        }
        return try ClassifierTest.accuracies(margins, isNew).item()
    }
}

extension Tensor {
    /// A square matrix with zeros on its diagonal.
    fileprivate func withoutDiagonal() throws -> Tensor { try self - self * .identity(shape[0]) }
}
