/// How the tokens of a batch lie in what layers compute.
public enum Sequences: Sendable {
    /// `[B, T, D]`, with a bool `[B, T]`, true where a token is real; nil where all are.
    case padded(Tensor?)
    /// `[N, D]`, the real tokens alone, put into `[B, T, D]` for attention and taken out again: for training.
    case packed(TokenLayout)
    /// `[N, D]`, sequences behind one another, each of which attends within its own rows: for inference.
    case runs([SequenceRun])
}

/// What tokens know of where the others stand.
public struct TokenRelations: Sendable {
    /// `[1, heads or 1, T, T]`, or one a sequence, `[B, …]`, where these are padded; added to the scaled products of queries and keys before the
    /// softmax, -∞ hides. Shorter sequences take its first rows and columns.
    public let bias: Tensor?
    /// What queries and keys are turned by; nil where they are not.
    public let rotary: RotaryEmbedding?
    /// What contents say of places, and places of contents, in attention that has projections for it; in the place of `bias`.
    public let places: DisentangledPlaces?

    /// Makes one from its parts; none of any where nothing is said.
    public init(bias: Tensor? = nil, rotary: RotaryEmbedding? = nil, places: DisentangledPlaces? = nil) {
        (self.bias, self.rotary, self.places) = (bias, rotary, places)
    }

    /// The same on `device`.
    public func moved(to device: Device) throws(TorchError) -> TokenRelations {
        TokenRelations(bias: try bias?.moved(to: device), rotary: rotary, places: try places?.moved(to: device))
    }

    /// Float32 `[1, 1, T, T]` with 0 where a token may attend, -∞ elsewhere.
    ///
    /// - Parameters:
    ///   - length: T.
    ///   - before: How far back a token sees; nil for as far as there is.
    ///   - after: How far ahead it sees: 0 in a causal model; nil for as far as there is.
    public static func window(_ length: Int, before: Int?, after: Int?) throws(TorchError) -> Tensor {
        let places = try Tensor.range(length)
        let distances = try places.unsqueezed(0) - places.unsqueezed(1)
        var isSeen = try distances.less(than: Double((after ?? length) + 1))
        if let before { isSeen = try isSeen.and(distances.scaled(by: -1).less(than: Double(before + 1))) }
        return try Tensor.zeros([]).where(isSeen, else: .full([], -.infinity)).reshaped([1, 1, length, length])
    }
}

/// Some sequences of the same length, one behind the other.
public struct SequenceRun: Sendable, Equatable {
    /// The row that the first sequence begins with.
    public let start: Int
    /// How many sequences there are.
    public let count: Int
    /// How many rows each sequence has.
    public let length: Int

    /// The rows that all the sequences of the run take.
    public var rows: Range<Int> { start..<start + count * length }

    /// The runs of sequences of these lengths, in rows, which lie behind one another in this order.
    public static func runs(of lengths: [Int]) -> [SequenceRun] {
        var runs: [SequenceRun] = []
        for length in lengths {
            if let last = runs.last, last.length == length {
                runs[runs.count - 1] = SequenceRun(start: last.start, count: last.count + 1, length: length)
            } else {
                runs.append(SequenceRun(start: runs.last?.rows.upperBound ?? 0, count: 1, length: length))
            }
        }
        return runs
    }
}

/// The real tokens of a padded batch behind one another, as frozen layers compute them: padding is put in at the end only.
public struct TokenRuns: Sendable {
    /// Which sequences lie where.
    public let runs: [SequenceRun]
    /// The lengths of the sequences, the one that fills up included.
    public let lengths: [Int]
    private let batch: Int
    private let longest: Int
    private let count: Int
    private let order: Tensor

    /// Every number of rows has kernels of its own, which are kept: few numbers, few kernels. What fills up is the first token over and over, a
    /// sequence that nobody reads.
    private static let rowStep = 32

    /// - Parameters:
    ///   - lengths: How many tokens of each text are real, its first ones.
    ///   - longest: T, what all are padded to.
    public init(_ lengths: [Int], longest: Int) throws(TorchError) {
        let numbers = lengths.enumerated().flatMap { row, length in (0..<length).map { Int64(row * longest + $0) } }
        let filling = (Self.rowStep - numbers.count % Self.rowStep) % Self.rowStep
        order = try Tensor(numbers + Array(repeating: 0, count: filling), shape: [numbers.count + filling])
        (batch, self.longest, count) = (lengths.count, longest, numbers.count)
        self.lengths = lengths + (filling > 0 ? [filling] : [])
        runs = SequenceRun.runs(of: self.lengths)
    }

    /// The longest sequence's length, the one that fills up included: what a bias must cover.
    public var longestRun: Int { lengths.max() ?? 0 }

    /// `[B, T]` to the rows that are computed, `[N]`.
    public func taken(_ values: Tensor) throws(TorchError) -> Tensor { try values.reshaped([-1]).rows(order) }

    /// `[N, D]` to float32 `[B, T, D]`, zeros where nothing is real.
    public func padded(_ rows: Tensor) throws(TorchError) -> Tensor {
        let tokens = try Tensor.zeros([batch * longest, rows.shape[1]])
        let real = try rows.slice(0, 0..<count).converted(to: .float32)
        try tokens.copyRowsInPlace(order.slice(0, 0..<count), from: real)
        return try tokens.reshaped([batch, longest, -1])
    }
}
