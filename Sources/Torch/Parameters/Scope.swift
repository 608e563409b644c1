/// A place in a model: where layers ask for their weights by name and shape.
///
/// Paths are joined with dots, so that a parameter's name equals its key in a checkpoint:
/// `(scope / "layer1" / 0).parameter("weight", …)` is `layer1.0.weight`.
public struct Scope {
    public let store: ParameterStore
    public let path: String

    public init(_ store: ParameterStore, path: String = "") {
        self.store = store
        self.path = path
    }

    public static func / (scope: Scope, name: String) -> Scope {
        Scope(scope.store, path: scope.name(name))
    }

    public static func / (scope: Scope, index: Int) -> Scope { scope / String(index) }

    /// A trained tensor.
    public func parameter(_ name: String, _ shape: [Int], _ initializer: Initializer) throws -> Tensor {
        try store.declare(self.name(name), shape, initializer, kind: .parameter)
    }

    /// A tensor that is saved with the model and not trained, for example running statistics.
    public func buffer(_ name: String, _ shape: [Int], _ initializer: Initializer) throws -> Tensor {
        try store.declare(self.name(name), shape, initializer, kind: .buffer)
    }

    /// Says that a checkpoint may hold `name`, and that nothing here uses it.
    public func ignore(_ name: String) { store.ignore(self.name(name)) }

    /// Whether the checkpoint has `name`; false where weights are random.
    public func holds(_ name: String) -> Bool { store.holds(self.name(name)) }

    func pages(of name: String) -> CheckpointPages { store.pages(of: self.name(name)) }

    private func name(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// How a weight that is not loaded begins. The forms are PyTorch's defaults for the layers that use them.
public enum Initializer: Sendable {
    case constant(Double)
    /// Mean 0.
    case normal(deviation: Double)
    /// In `-bound ..< bound`.
    case uniform(bound: Double)

    /// `torch.nn.Linear`'s and `Conv`'s default, for weight and bias.
    public static func fanIn(_ fanIn: Int) -> Initializer { .uniform(bound: 1 / Double(max(fanIn, 1)).squareRoot()) }

    /// He et al. 2015 for ReLU, over the outputs: torchvision's and timm's choice for convolutions.
    public static func kaimingNormal(fanOut: Int) -> Initializer {
        .normal(deviation: (2 / Double(max(fanOut, 1))).squareRoot())
    }

    func tensor(_ shape: [Int]) throws(TorchError) -> Tensor {
        switch self {
        case .constant(let value): try .full(shape, value)
        case .normal(let deviation): try .randomNormal(shape).scaled(by: deviation)
        case .uniform(let bound): try .randomUniform(shape, from: -bound, to: bound)
        }
    }
}
