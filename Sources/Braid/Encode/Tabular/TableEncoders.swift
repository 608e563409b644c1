// Entity embeddings: Guo and Berkhahn 2016, arXiv:1604.06737.
internal import Foundation
internal import Torch

/// A row of number and category columns as it was encoded: nothing is learnt.
struct PlainColumns: Encoder {
    let dimension: Int
    let blocks: [[String]] = []

    /// `[B, width]` as it is, and as a single token.
    func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        Encoding(pooled: input.values, tokens: try input.values.unsqueezed(1))
    }
}

/// Layers on a row of columns, whose categories are vectors that are learnt with them.
struct LayeredColumns: Encoder {
    let dimension: Int
    let blocks: [[String]]
    private let numberWidth: Int
    private let embeddings: [Embedding]
    private let layers: [Linear]
    private let dropout: Double

    init(_ scope: Scope, _ encoding: TableEncoding, hidden: [Int], dropout: Double) throws {
        numberWidth = encoding.numberWidth
        let sizes = encoding.categories.map { Self.size(of: $0.width) }
        // Row 0 is of what no train row had, and stays out of the sum.
        embeddings = try zip(encoding.categories, sizes).enumerated().map { index, column in
            try Embedding(scope / "embeddings" / index, column.0.width + 1, column.1, initializer: .normal(deviation: 0.1))
        }
        let inputs = [numberWidth + sizes.reduce(0, +)] + hidden
        layers = try zip(inputs, hidden).enumerated().map { index, size in
            try Linear(scope / "layers" / index, size.0, size.1)
        }
        dimension = hidden.last ?? numberWidth
        blocks = hidden.indices.map { $0 == 0 ? ["embeddings.", "layers.0."] : ["layers.\($0)."] }
        self.dropout = dropout
    }

    /// The size of a category's vector: fastai's rule, `1.6 n^0.56`, at most 50.
    private static func size(of count: Int) -> Int { min(50, max(1, Int((1.6 * pow(Double(count), 0.56)).rounded()))) }

    /// `[B, number width + categories]` to `[B, D]`; a single token.
    func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        let width = input.values.shape[1]
        var parts = numberWidth > 0 ? [try input.values.slice(1, 0..<numberWidth)] : []
        for (index, embedding) in embeddings.enumerated() {
            let place = numberWidth + index
            let ids = try input.values.slice(1, place..<min(place + 1, width)).converted(to: .int64)
            let isKnown = try ids.converted(to: .bool)
            let vectors = try embedding(ids).squeezed(1)
            parts.append(try vectors.where(isKnown, else: Tensor.zeros([]).moved(to: vectors.device)))
        }
        var x = try Tensor.concatenate(parts, 1)
        for layer in layers { x = try layer(x, activation: .relu, mode: mode).dropout(dropout, mode: mode) }
        return Encoding(pooled: x, tokens: try x.unsqueezed(1))
    }
}

extension PlainColumns {
    /// Both architectures for tables.
    static let builders = [
        EncoderBuilder(
            modality: .tabular, name: ColumnsKind.plain,
            paper: "StandardScaler and OneHotEncoder; Gorishniy et al. 2022, arXiv:2203.05556",
            isParameterless: true
        ) { source in
            let encoding = try TableEncoding(source.config)
            return (PlainColumns(dimension: encoding.width), TableFrontEnd(encoding: encoding, givesPlaces: false))
        },
        EncoderBuilder(
            modality: .tabular, name: ColumnsKind.layered, paper: "Guo and Berkhahn 2016, arXiv:1604.06737"
        ) { source in
            let encoding = try TableEncoding(source.config)
            let (hidden, dropout) = (try source.config.ints("hidden"), try source.config.double("dropout"))
            guard !hidden.isEmpty, hidden.allSatisfy({ (1...65_536).contains($0) }), (0...0.95).contains(dropout) else {
                throw source.config.fault("hidden must be sizes from 1 to 65536, and dropout lie in 0 ... 0.95")
            }
            let encoder = try LayeredColumns(source.scope, encoding, hidden: hidden, dropout: dropout)
            return (encoder, TableFrontEnd(encoding: encoding, givesPlaces: true))
        },
    ]
}
