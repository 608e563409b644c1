/// The functions that stand between layers, by the names that published configurations give them.
public enum Activation: String, Sendable, CaseIterable {
    case relu
    /// The exact form, with erf.
    case gelu
    /// The tanh approximation of GPT-2.
    case geluTanh = "gelu_new"
    /// x · sigmoid(x), also called swish.
    case silu
    /// x · relu6(x + 3) / 6 (Howard et al. 2019, arXiv:1905.02244).
    case hardSwish = "hard_swish"
    case tanh
    /// None.
    case identity = "linear"

    /// - Parameter name: As Transformers and timm write it.
    public init?(named name: String) {
        switch name {
        case "swish": self = .silu
        case "gelu_pytorch_tanh", "gelu_tanh": self = .geluTanh
        case "hardswish": self = .hardSwish
        default: self.init(rawValue: name)
        }
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        switch self {
        case .relu: try x.relu()
        case .gelu: try x.gelu()
        case .geluTanh: try Operator("gelu")(.tensor(x), .string("tanh"))
        case .silu: try Operator("silu")(.tensor(x))
        case .hardSwish: try Operator("hardswish")(.tensor(x))
        case .tanh: try x.tanh()
        case .identity: x
        }
    }

    /// What oneDNN's fused operators call it.
    var fused: (attribute: StaticString, algorithm: StaticString) {
        switch self {
        case .relu: ("relu", "")
        case .gelu: ("gelu", "none")
        case .geluTanh: ("gelu", "tanh")
        case .silu: ("swish", "")
        case .hardSwish: ("hardswish", "")
        case .tanh: ("tanh", "")
        case .identity: ("none", "")
        }
    }
}
