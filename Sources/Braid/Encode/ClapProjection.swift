internal import Torch

/// What brings an embedding of CLAP's towers into the space that they share: two layers with an activation between (Wu et al. 2023,
/// arXiv:2211.06687).
struct ClapProjection {
    /// The size of that space.
    let dimension: Int
    private let first: Linear
    private let activation: Activation
    private let second: Linear

    /// Asks `scope` for `linear1` and `linear2`.
    ///
    /// - Parameters:
    ///   - scope: The projection's place in the model.
    ///   - inputs: The size of the embedding.
    ///   - dimension: The size of the space.
    ///   - activation: What stands between the layers.
    /// - Throws: Where a weight cannot be read or made.
    init(_ scope: Scope, _ inputs: Int, _ dimension: Int, _ activation: Activation) throws {
        let normal = Initializer.normal(deviation: 0.02)
        first = try Linear(scope / "linear1", inputs, dimension, initializer: normal)
        second = try Linear(scope / "linear2", dimension, dimension, initializer: normal)
        (self.activation, self.dimension) = (activation, dimension)
    }

    /// `[B, inputs]` to `[B, dimension]`, float32.
    func callAsFunction(_ x: Tensor, mode: Mode) throws(TorchError) -> Tensor {
        try second(first(x, activation: activation, mode: mode), mode: mode).converted(to: .float32)
    }
}

extension JSONObject {
    /// What a `config.json` of CLAP says of the projections; of a whole model its own keys count, as in Transformers.
    func clapProjection() throws -> (dimension: Int, activation: Activation) {
        let dimension = try int("projection_dim", 512)
        try expectSizes(["projection_dim": dimension])
        return (dimension, try activation("projection_hidden_act", .relu))
    }
}
