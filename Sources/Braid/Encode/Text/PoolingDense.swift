internal import Foundation
internal import Torch

/// A layer behind the pooling: the `Dense` module of sentence-transformers, its weights in a folder of its own. It keeps them:
/// `train` does not reach it.
struct PoolingDense: Sendable {
    let outputs: Int
    private let weight: Tensor
    private let bias: Tensor?
    private let activation: Activation
    /// Nothing, the input itself, or a projection of it is added at the end.
    private let residual: Residual

    private enum Residual {
        case none, input
        case projection(Tensor)
    }

    /// - Parameter inputs: The size of what is pooled.
    init(_ folder: URL, inputs: Int) throws {
        let settings = try JSONObject(folder.appendingPathComponent("config.json"))
        outputs = try settings.int("out_features")
        guard try settings.int("in_features") == inputs, (1...1_000_000).contains(outputs) else {
            throw settings.fault(
                "in_features must be \(inputs), the size of the embedding in front of it, and out_features 1 or more")
        }
        for name in ["module_input_name", "module_output_name"] {
            guard try settings.string(name, "sentence_embedding") == "sentence_embedding" else {
                throw settings.fault("\(name) must be sentence_embedding in this version")
            }
        }
        activation = try Self.activation(settings)
        guard let file = try WeightsFolder.weights(in: folder) else { throw settings.fault("there are no weights beside it") }
        let store = try ParameterStore(loading: Checkpoints.open(file))
        let scope = Scope(store)
        let linear = try Linear(scope / "linear", inputs, outputs, bias: settings.bool("bias", true))
        (weight, bias) = (linear.weight, linear.bias)
        if try !settings.bool("use_residual", false) {
            residual = .none
        } else if inputs == outputs {
            residual = .input
        } else {
            residual = .projection(try Linear(scope / "residual", inputs, outputs, bias: false).weight)
        }
        try store.report.check()
    }

    /// By the name of torch's class; Tanh where none is given, as the reference has it.
    private static func activation(_ settings: JSONObject) throws -> Activation {
        let known: [String: Activation] = [
            "torch.nn.modules.activation.Tanh": .tanh, "torch.nn.modules.activation.ReLU": .relu,
            "torch.nn.modules.activation.GELU": .gelu, "torch.nn.modules.activation.SiLU": .silu,
            "torch.nn.modules.linear.Identity": .identity,
        ]
        let name = try settings.string("activation_function", "torch.nn.modules.activation.Tanh")
        guard let activation = known[name] else {
            throw settings.fault("activation_function \(name) is not one of \(known.keys.sorted().joined(separator: ", "))")
        }
        return activation
    }

    /// Maps pooled embeddings `[B, D]` to `[B, outputs]`.
    func callAsFunction(_ input: Tensor) throws(TorchError) -> Tensor {
        let device = input.device
        let linear = try input.linear(weight.moved(to: device), bias: bias?.moved(to: device))
        let x = try activation(linear)
        switch residual {
        case .none: return x
        case .input: return try x + input
        case .projection(let projection): return try x + input.linear(projection.moved(to: device), bias: nil)
        }
    }
}
