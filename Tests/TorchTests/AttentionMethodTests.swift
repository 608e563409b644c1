import Testing

@testable import Torch

/// Attention by oneDNN's products is libtorch's attention.
@Suite struct AttentionMethodTests {
    @Test(arguments: [[1, 1, 1, 1, 8], [2, 3, 256, 256, 64], [1, 2, 300, 170, 16], [3, 1, 170, 513, 64]])
    func bothComputeTheSame(_ shape: [Int]) throws {
        let (queries, keys, values) = try drawn(shape)
        let (batch, heads, length, others) = (shape[0], shape[1], shape[2], shape[3])
        try expectSame(queries, keys, values, nil)
        for bias in [[1, 1, length, others], [batch, heads, length, others], [batch, 1, 1, others]] {
            try expectSame(queries, keys, values, .randomNormal(bias))
        }
        let hidden = (0..<others).map { $0 * 2 > others ? -Float.infinity : 0 }
        try expectSame(queries, keys, values, Tensor(hidden, shape: [1, 1, 1, others]))
    }

    @Test func headsThatLieBesideOneAnotherAreReadAsTheyLie() throws {
        try Generator.seed(9)
        let all = try Tensor.randomNormal([2, 200, 6, 32]).transposed(1, 2)
        try expectSame(all.slice(1, 0..<2), all.slice(1, 2..<4), all.slice(1, 4..<6), nil)
    }

    @Test func onlyLongSequencesOfPlainNumbersAreMultiplied() throws {
        let before = try RememberedChoices.all()
        defer { RememberedChoices.adopt(before) }
        func suits(_ length: Int, dtype: DType = .float32, mask: Tensor? = nil) throws -> Bool {
            let x = try Tensor.zeros([1, 2, length, 8], dtype: dtype)
            return try AttentionMethod.suitsProducts(x, keys: x, mask: mask)
        }
        RememberedChoices.adopt([AttentionMethod.variable: "products"])
        #expect(try suits(200) && suits(200, mask: .zeros([1, 1, 200, 200])))
        #expect(try !suits(100))
        #expect(try !suits(200, dtype: .bfloat16))
        #expect(try !suits(200, mask: .zeros([1, 1, 1, 200], dtype: .bool)))
        RememberedChoices.adopt([AttentionMethod.variable: "fused"])
        #expect(try !suits(200))
    }

    /// A frozen layer gives the same by either, with and without a bias; one that trains never multiplies, and has gradients.
    @Test func frozenLayersComputeTheSameByEither() throws {
        let before = try RememberedChoices.all()
        defer { RememberedChoices.adopt(before) }
        try Generator.seed(4)
        let x = try Tensor.randomNormal([2, 180, 32])
        let bias = try Tensor.randomNormal([1, 1, 180, 180])
        for store in [ParameterStore(inference: .fp32), ParameterStore()] {
            let layers = try ["query", "key", "value", "output"].map { try Linear(Scope(store) / $0, 32, 32) }
            let attention = MultiHeadAttention(query: layers[0], key: layers[1], value: layers[2], output: layers[3], heads: 4)
            var results: [Tensor] = []
            for way in ["fused", "products"] {
                RememberedChoices.adopt([AttentionMethod.variable: way])
                for relations in [TokenRelations(), TokenRelations(bias: bias)] {
                    results.append(try attention(x, .padded(nil), relations, addingTo: x, mode: .evaluate))
                }
            }
            for (fused, products) in zip(results.prefix(2), results.suffix(2)) {
                #expect(try (fused - products).absolute().maximum([0, 1, 2]).item() <= 1e-5)
                #expect(try fused.absolute().maximum([0, 1, 2]).item() > 0.1)
            }
        }
    }

    private func drawn(_ shape: [Int]) throws -> (Tensor, Tensor, Tensor) {
        try Generator.seed(8)
        let head = { (length: Int) in try Tensor.randomNormal([shape[0], shape[1], length, shape[4]]) }
        return try (head(shape[2]), head(shape[3]), head(shape[3]))
    }

    private func expectSame(_ queries: Tensor, _ keys: Tensor, _ values: Tensor, _ bias: Tensor?) throws {
        let fused = try queries.attention(keys: keys, values: values, mask: bias).transposed(1, 2).flattened(from: 2)
        let products = try queries.attentionByProducts(keys: keys, values: values, bias: bias)
        #expect(products.shape == fused.shape)
        #expect(try (products - fused).absolute().maximum([0, 1, 2]).item() <= 5e-6)
    }
}
