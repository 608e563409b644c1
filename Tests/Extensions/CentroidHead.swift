import Braid
import Torch

/// A trained centroid an output: the nearer the embedding, the higher the logit.
struct CentroidHead: Head {
    /// `[outputs, inputs]`.
    private let centroids: Tensor
    private let sharpness: Double

    init(_ scope: Scope, _ inputs: Int, _ target: Target, sharpness: Double) throws {
        centroids = try scope.parameter("centroids", [target.outputs, inputs], .normal(deviation: 1))
        self.sharpness = sharpness
    }

    /// Minus the squared distance, `[B, outputs]`.
    func callAsFunction(_ input: Tensor, mode: Mode) throws -> Tensor {
        let products = try input.matmul(centroids.transposed(0, 1)).scaled(by: 2)
        let lengths = try centroids.power(2).sum([1]) + input.power(2).sum([1]).unsqueezed(1)
        return try (products - lengths).scaled(by: sharpness)
    }

    static let kind = HeadKind(name: "centroid", paper: "Snell et al. 2017, arXiv:1703.05175") { reader, path in
        let sharpness = reader.double("\(path).sharpness", 0.1, 0.0001...1000, "Factor on squared distances.")
        return { try CentroidHead($0, $1, $2, sharpness: sharpness) }
    }
}
