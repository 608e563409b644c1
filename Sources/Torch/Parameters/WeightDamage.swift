/// What is wrong with the values of a weight, whatever the model.
package enum WeightDamage {
    /// What cannot be computed with: NaN, infinity, a variance below 0; nil where there is none of it.
    ///
    /// One pass over the values in most cases: of what is finite the sum is, unless it grows beyond all bounds.
    package static func of(_ tensor: Tensor, _ path: String) throws(TorchError) -> String? {
        guard tensor.count > 0 else { return nil }
        let all = Array(0..<tensor.shape.count)
        if try !tensor.sum().item().isFinite, try !tensor.absolute().maximum(all).item().isFinite { return "holds NaN or infinity" }
        guard path.hasSuffix("running_var") else { return nil }
        let least = try -tensor.scaled(by: -1).maximum(all).item()
        return least < 0 ? "is a variance, and holds \(least)" : nil
    }
}
