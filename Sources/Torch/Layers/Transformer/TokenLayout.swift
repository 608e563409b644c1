/// Where the tokens that count stand in a padded batch `[B, T]`, so that layers compute these alone: a row each, in `[N, D]`.
public struct TokenLayout: Sendable {
    /// B, how many sequences there are.
    public let batch: Int
    /// T, the length that all are padded to.
    public let length: Int
    /// The place of each row among the B * T, which no two share.
    private let places: [Int]
    /// `places` as int64 `[N]`, on the rows' device; nil where every place has its row, in order.
    private let index: Tensor?
    /// Bool `[B, T]`, true where there is a row; nil where there is one everywhere.
    public let mask: Tensor?

    /// - Parameters:
    ///   - batch: B.
    ///   - length: T.
    ///   - places: Of each row, which of the B * T it is; no two are the same.
    ///   - device: Where the rows lie.
    public init(batch: Int, length: Int, places: [Int], device: Device) throws(TorchError) {
        (self.batch, self.length, self.places) = (batch, length, places)
        let isFull = places.count == batch * length
        index =
            isFull && places.indices.allSatisfy { places[$0] == $0 }
            ? nil : try Tensor(places.map(Int64.init), shape: [places.count]).moved(to: device)
        guard !isFull else {
            mask = nil
            return
        }
        var flags = [UInt8](repeating: 0, count: batch * length)
        for place in places { flags[place] = 1 }
        mask = try Tensor(flags, shape: [batch, length]).converted(to: .bool).moved(to: device)
    }

    /// The layout of sequences whose first tokens count, so many of each; all are padded to `length`.
    public init(lengths: [Int], length: Int, device: Device) throws(TorchError) {
        let places = lengths.enumerated().flatMap { row, real in row * length..<row * length + real }
        try self.init(batch: lengths.count, length: length, places: places, device: device)
    }

    /// N, how many tokens count.
    public var count: Int { places.count }

    /// The layout of sequences that are joined, sample by sample; their rows lie one layout behind the other.
    public static func joined(_ layouts: [TokenLayout], device: Device) throws(TorchError) -> TokenLayout {
        let length = layouts.reduce(0) { $0 + $1.length }
        var places: [Int] = []
        var offset = 0
        for layout in layouts {
            places += layout.places.map { $0 / layout.length * length + offset + $0 % layout.length }
            offset += layout.length
        }
        return try TokenLayout(batch: layouts.first?.batch ?? 0, length: length, places: places, device: device)
    }

    /// `[N, D]` to `[B, T, D]`, zeros where nothing counts.
    public func padded(_ rows: Tensor) throws(TorchError) -> Tensor {
        let size = rows.shape[1]
        guard let index else { return try rows.reshaped([batch, length, size]) }
        let empty = try Tensor.zeros([batch * length, size], dtype: rows.dtype).moved(to: rows.device)
        return try empty.replacingRows(index, with: rows).reshaped([batch, length, size])
    }

    /// `[B, T, D]` to the rows that count, `[N, D]`.
    public func packed(_ padded: Tensor) throws(TorchError) -> Tensor {
        let flat = try padded.reshaped([batch * length, padded.shape[2]])
        // Not index_select, whose gradient is added row by row.
        return try index.map { index throws(TorchError) in try flat.embedding(index) } ?? flat
    }

    /// The mean of each sequence's rows, `[N, D]` to `[B, D]`; zeros for a sequence without any.
    public func mean(_ rows: Tensor) throws(TorchError) -> Tensor {
        let sum = try padded(rows).sum([1])
        guard let mask else { return try sum.scaled(by: 1 / Double(length)) }
        return try sum / mask.converted(to: .float32).sum([1], keep: true).clamped(atLeast: 1)
    }
}
