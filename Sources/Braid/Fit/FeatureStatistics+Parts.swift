internal import Torch

extension FeatureStatistics {
    /// Those of some of the embeddings' values, of the same rows.
    ///
    /// - Parameter columns: The numbers of the values.
    func keeping(_ columns: [Int]) throws -> FeatureStatistics {
        guard columns != Array(0..<dimension) else { return self }
        let chosen = try Tensor(columns.map(Int64.init), shape: [columns.count])
        var parts = try tensors()
        parts["sum"] = try sum.rows(chosen)
        parts["gram"] = try gram.rows(chosen).selected(1, chosen)
        parts["products"] = try products.rows(chosen)
        return try FeatureStatistics(parts, source: "statistics")
    }
}
