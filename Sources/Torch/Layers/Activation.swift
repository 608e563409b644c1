/// The functions that stand between layers, by the names that published configurations give them.
public enum Activation: String, Sendable, CaseIterable {
    /// The larger of x and 0, as `torch.nn.functional.relu`.
    case relu
    /// `relu`, and at most 6 (Krizhevsky 2010), as `torch.nn.ReLU6`.
    case relu6
    /// The exact form of GELU, with erf (Hendrycks and Gimpel 2016, arXiv:1606.08415).
    case gelu
    /// The tanh approximation of GELU, as in GPT-2.
    case geluTanh = "gelu_new"
    /// `x · sigmoid(1.702 x)`, an approximation of GELU, as in CLIP.
    case quickGelu = "quick_gelu"
    /// `x · sigmoid(x)`, also called swish.
    case silu
    /// `x · relu6(x + 3) / 6` (Howard et al. 2019, arXiv:1905.02244).
    case hardSwish = "hard_swish"
    /// The hyperbolic tangent.
    case tanh
    /// No activation: x as it is.
    case identity = "linear"

    /// The activation that a published configuration calls `name`; nil where none is called so.
    ///
    /// - Parameter name: As Transformers and timm write it, for example `gelu`, `gelu_new` or `swish`.
    public init?(named name: String) {
        switch name {
        case "swish": self = .silu
        case "gelu_pytorch_tanh", "gelu_tanh": self = .geluTanh
        case "hardswish": self = .hardSwish
        default: self.init(rawValue: name)
        }
    }

    /// Applies the function to each element; the result has the shape of `x`.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        switch self {
        case .relu: try x.relu()
        case .relu6: try Operator("hardtanh")(.tensor(x), .double(0), .double(6))
        case .gelu: try x.gelu()
        case .geluTanh: try Operator("gelu")(.tensor(x), .string("tanh"))
        case .quickGelu: try x * x.scaled(by: 1.702).sigmoid()
        case .silu: try Operator("silu")(.tensor(x))
        case .hardSwish: try Operator("hardswish")(.tensor(x))
        case .tanh: try x.tanh()
        case .identity: x
        }
    }

    /// Whether oneDNN's fused operators know it.
    var isFused: Bool { self != .quickGelu }

    /// What oneDNN's fused operators call it.
    private var fused: (attribute: StaticString, scalars: [Double], algorithm: StaticString) {
        switch self {
        case .relu: ("relu", [], "")
        case .relu6: ("hardtanh", [0, 6], "")
        case .gelu: ("gelu", [], "none")
        case .geluTanh: ("gelu", [], "tanh")
        case .silu: ("swish", [], "")
        case .hardSwish: ("hardswish", [], "")
        case .tanh: ("tanh", [], "")
        case .identity, .quickGelu: ("none", [], "")
        }
    }

    /// The last three arguments of oneDNN's fused operators.
    var fusedArguments: [Argument] {
        let (attribute, scalars, algorithm) = fused
        return [.string(attribute), .doubles(scalars), .string(algorithm)]
    }
}
