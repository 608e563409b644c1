/// What attention knows of places where it takes content and place apart (He et al. 2020, arXiv:2006.03654): DeBERTa's.
public struct DisentangledPlaces: Sendable {
    /// `[R, D]`, what a distance is looked up as.
    let embeddings: Tensor
    /// Int64 `[T, T]`, for each query and key the row of `embeddings`.
    let rows: Tensor
    /// The share of `embeddings` that is dropped in training.
    let dropout: Double

    /// - Parameters:
    ///   - embeddings: `[R, D]`, what a distance is looked up as; it may be trained.
    ///   - rows: Int64 `[2 T - 1]`, the row of each distance of a query from a key, from -(T - 1) on.
    ///   - dropout: The share of `embeddings` that is dropped in training.
    public init(_ embeddings: Tensor, rows: Tensor, dropout: Double) throws(TorchError) {
        (self.embeddings, self.dropout) = (embeddings, dropout)
        let length = (rows.count + 1) / 2
        let places = try Tensor.range(length)
        self.rows = try rows.rows((places.unsqueezed(1) - places.unsqueezed(0)).added(length - 1).reshaped([-1]))
            .reshaped([length, length])
    }

    private init(embeddings: Tensor, rows: Tensor, dropout: Double) {
        (self.embeddings, self.rows, self.dropout) = (embeddings, rows, dropout)
    }

    func moved(to device: Device) throws(TorchError) -> DisentangledPlaces {
        DisentangledPlaces(embeddings: try embeddings.moved(to: device), rows: try rows.moved(to: device), dropout: dropout)
    }
}

extension MultiHeadAttention {
    /// The layers that make keys and queries of places.
    public struct PlaceProjections: Sendable {
        /// What makes the keys that contents ask for; nil where contents do not ask for places.
        public let key: Linear?
        /// What makes the queries that ask for contents; nil where places do not ask.
        public let query: Linear?

        /// Joins layers that were built already; they may be those that make keys and queries of contents.
        public init(key: Linear?, query: Linear?) { (self.key, self.query) = (key, query) }

        /// How many products make a score: by it their variance grows.
        var terms: Double { 1 + (key == nil ? 0 : 1) + (query == nil ? 0 : 1) }
    }

    /// `[B, heads, T, T]`, what content and place say of one another; nil where nothing does.
    func scores(
        _ queries: Tensor, _ keys: Tensor, _ places: DisentangledPlaces?, _ mode: Mode
    ) throws(TorchError) -> Tensor? {
        guard let places, let projections = placeProjections else { return nil }
        let (batch, length, size) = (queries.shape[0], queries.shape[2], queries.shape[3])
        let rows = try places.rows.slice(0, 0..<length).slice(1, 0..<length)
        let embeddings = try places.embeddings.dropout(places.dropout, mode: mode)
        func score(_ contents: Tensor, _ layer: Linear, _ rows: Tensor) throws(TorchError) -> Tensor {
            // Not a packed form: a shared layer's stands in one product with the others.
            let isFrozen = layer.packed != nil
            let made = try isFrozen ? embeddings.linear(layer.weight, bias: layer.bias) : layer(embeddings, mode: mode)
            let places = try made.converted(to: contents.dtype).reshaped([1, made.shape[0], heads, -1]).permuted([0, 2, 3, 1])
            let index = try rows.expanded([batch, heads, length, length])
            return try Operator("gather")(.tensor(contents.matmul(places)), .int(-1), .tensor(index), .bool(false))
        }
        var sum: Tensor?
        if let layer = projections.key { sum = try score(queries, layer, rows) }
        if let layer = projections.query {
            let asked = try score(keys, layer, rows.transposed(0, 1)).transposed(2, 3)
            sum = try sum.map { sum throws(TorchError) in try sum + asked } ?? asked
        }
        let scale = 1 / (Double(size) * projections.terms).squareRoot()
        return try sum.map { sum throws(TorchError) in try sum.scaled(by: scale) }
    }
}
