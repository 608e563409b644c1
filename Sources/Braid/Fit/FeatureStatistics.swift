internal import Torch

/// Sums over rows of embeddings and their targets: all that ridge regression and linear discriminant analysis have to know of the rows.
///
/// Sums of two sets of rows add up to those of both (`+`), and can be taken out again (`-`): a model of all rows comes out the same whatever
/// the order the rows came in, and a fold is held out without its complement being gone through. Everything is in double precision.
struct FeatureStatistics {
    /// The sum of the rows' weights: how many rows there are, where each counts 1.
    let count: Double
    /// The sum of embeddings, `[D]`.
    let sum: Tensor
    /// The sum of `x xᵀ`, `[D, D]`.
    let gram: Tensor
    /// The sum of targets, `[K]`: with a column of 0 and 1 a class, how many rows each class has.
    let targets: Tensor
    /// The sum of `x yᵀ`, `[D, K]`: with such columns, the sum of each class's embeddings.
    let products: Tensor
    /// The sum of each target's squares, `[K]`.
    let squares: Tensor

    /// D, the size of an embedding.
    var dimension: Int { sum.shape[0] }
    /// K, the columns of targets.
    var outputs: Int { targets.shape[0] }

    private init(count: Double, _ sum: Tensor, _ gram: Tensor, _ targets: Tensor, _ products: Tensor, _ squares: Tensor) {
        (self.count, self.sum, self.gram) = (count, sum, gram)
        (self.targets, self.products, self.squares) = (targets, products, squares)
    }

    /// Of no rows.
    ///
    /// - Parameters:
    ///   - dimension: The size of an embedding.
    ///   - outputs: The columns of targets.
    init(dimension: Int, outputs: Int) throws {
        let zeros = { (shape: [Int]) in try Tensor.zeros(shape, dtype: .float64) }
        self.init(
            count: 0, try zeros([dimension]), try zeros([dimension, dimension]), try zeros([outputs]),
            try zeros([dimension, outputs]), try zeros([outputs]))
    }

    /// Of some rows.
    ///
    /// - Parameters:
    ///   - x: Embeddings, `[N, D]`.
    ///   - y: Targets, `[N, K]`: a column of 0 and 1 a class (`Transferability.oneHot`), or numbers.
    ///   - weights: What each row counts, N of them; a row that counts 0 leaves no trace. nil: each counts 1.
    init(_ x: Tensor, _ y: Tensor, weights: [Double]? = nil) throws {
        let rows = weights ?? Array(repeating: 1, count: x.shape[0])
        let weights = try Tensor(rows, shape: [rows.count, 1])
        let (x, y) = (try x.converted(to: .float64), try y.converted(to: .float64))
        let (weighed, sized) = (try x * weights, try y * weights)
        let across = try weighed.transposed(0, 1)
        self.init(
            count: rows.reduce(0, +), try weighed.sum([0]), try across.matmul(x), try sized.sum([0]), try across.matmul(y),
            try (sized * y).sum([0]))
    }

    /// Those of two sets of rows together.
    static func + (left: FeatureStatistics, right: FeatureStatistics) throws -> FeatureStatistics {
        try left.combined(with: right, sign: 1)
    }

    /// Those of the rows of `left` that `right` does not hold; all of `right`'s must be among them.
    static func - (left: FeatureStatistics, right: FeatureStatistics) throws -> FeatureStatistics {
        try left.combined(with: right, sign: -1)
    }

    private func combined(with other: FeatureStatistics, sign: Double) throws -> FeatureStatistics {
        guard dimension == other.dimension, outputs == other.outputs else {
            throw BraidError(
                .internal,
                "statistics of \(dimension) × \(outputs) and of \(other.dimension) × \(other.outputs) values do not add up")
        }
        let both = { (own: Tensor, their: Tensor) in try own + their.scaled(by: sign) }
        return FeatureStatistics(
            count: count + sign * other.count, try both(sum, other.sum), try both(gram, other.gram),
            try both(targets, other.targets), try both(products, other.products), try both(squares, other.squares))
    }

    /// With columns for `added` more classes behind the ones there are, of which no row has been seen yet.
    func addingOutputs(_ added: Int) throws -> FeatureStatistics {
        let none = try Tensor.zeros([added], dtype: .float64)
        return FeatureStatistics(
            count: count, sum, gram, try .concatenate([targets, none], 0),
            try .concatenate([products, .zeros([dimension, added], dtype: .float64)], 1), try .concatenate([squares, none], 0))
    }

    /// The mean and the deviation of each value of the embeddings, as `Standardization` learns them of the rows themselves.
    func standardization() throws -> Standardization {
        let mean = try sum.scaled(by: 1 / max(count, 1))
        let second = try (gram * .identity(dimension)).sum([0]).scaled(by: 1 / max(count, 1))
        return try Standardization(mean: mean, variance: (second - mean * mean).clamped(atLeast: 0))
    }

    /// The statistics of the same rows standardised: of `(x - mean) / deviation`.
    func standardised(_ scale: Standardization) throws -> FeatureStatistics {
        let (mean, inverse) = (
            try scale.mean.converted(to: .float64).unsqueezed(1),
            try scale.deviation.converted(to: .float64).power(-1).unsqueezed(1)
        )
        let column = try sum.unsqueezed(1)
        let cross = try column.matmul(mean.transposed(0, 1))
        let centred =
            try gram - cross - cross.transposed(0, 1) + mean.matmul(mean.transposed(0, 1)).scaled(by: count)
        return FeatureStatistics(
            count: count, try ((column - mean.scaled(by: count)) * inverse).squeezed(1),
            try centred * inverse * inverse.transposed(0, 1), targets,
            try (products - mean.matmul(targets.unsqueezed(0))) * inverse, squares)
    }
}

extension FeatureStatistics {
    /// What a file keeps of them, float64, by name.
    func tensors() throws -> [String: Tensor] {
        [
            "count": try Tensor([count], shape: [1]), "sum": sum, "gram": gram, "targets": targets, "products": products,
            "squares": squares,
        ]
    }

    /// What a file has kept.
    ///
    /// - Parameters:
    ///   - tensors: As `tensors()` gave them.
    ///   - source: The file, for errors.
    /// - Throws: `BraidError` where one is missing, or of another size than the others.
    init(_ tensors: [String: Tensor], source: String) throws {
        func part(_ name: String) throws -> Tensor {
            guard let tensor = tensors[name] else { throw BraidError(.badData, "\(source): holds no \(name)") }
            return try tensor.converted(to: .float64)
        }
        let counts = try part("count").array(of: Double.self)
        self.init(
            count: counts.first ?? 0, try part("sum"), try part("gram"), try part("targets"), try part("products"),
            try part("squares"))
        let (d, k) = (sum.count, targets.count)
        let fits =
            counts.count == 1 && sum.shape == [d] && gram.shape == [d, d] && targets.shape == [k] && products.shape == [d, k]
            && squares.shape == [k]
        guard fits else {
            throw BraidError(
                .badData,
                "\(source): sizes do not fit each other: sum \(sum.shape), gram \(gram.shape), targets \(targets.shape), products \(products.shape), squares \(squares.shape)"
            )
        }
    }
}
