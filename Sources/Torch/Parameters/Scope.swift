/// A place in a model: where layers ask for their weights by name and shape.
///
/// Paths are joined with dots, so that a parameter's name equals its key in a checkpoint:
/// `(scope / "layer1" / 0).parameter("weight", …)` is `layer1.0.weight`.
public struct Scope {
    /// The store that everything declared here goes into.
    public let store: ParameterStore
    /// The place's name, joined with dots, for example `layer1.0`; empty for the root.
    public let path: String

    /// Makes the scope of `store` at `path`: by default the root of the model.
    public init(_ store: ParameterStore, path: String = "") {
        self.store = store
        self.path = path
    }

    /// The place called `name` within `scope`.
    public static func / (scope: Scope, name: String) -> Scope {
        Scope(scope.store, path: scope.name(name))
    }

    /// The place of number `index` within `scope`, as the items of PyTorch's `Sequential` and `ModuleList` are named.
    public static func / (scope: Scope, index: Int) -> Scope { scope / String(index) }

    /// Declares a trained tensor, and gives its values: the checkpoint's, or those of `initializer` where there is no
    /// checkpoint.
    ///
    /// A tensor that the checkpoint lacks gets a stand-in of the right shape, and stands in the store's `report`.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where it cannot be read or made.
    public func parameter(
        _ name: String, _ shape: [Int], _ initializer: Initializer, decays: Bool? = nil, role: ParameterStore.Role = .layer
    ) throws -> Tensor {
        // A vector is a bias, a norm's scale, a vote or a trained token: none of them is better for being small.
        try store.declare(
            self.name(name), shape, initializer, kind: .parameter, decays: decays ?? (shape.count > 1), role: role)
    }

    /// Declares a tensor that is saved with the model and not trained, for example running statistics.
    ///
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where it cannot be read or made.
    public func buffer(_ name: String, _ shape: [Int], _ initializer: Initializer) throws -> Tensor {
        try store.declare(self.name(name), shape, initializer, kind: .buffer)
    }

    /// Says that a checkpoint may hold `name`, and that nothing here uses it.
    public func ignore(_ name: String) { store.ignore(self.name(name)) }

    /// Whether the checkpoint has `name`; false where weights are random.
    public func holds(_ name: String) -> Bool { store.holds(self.name(name)) }

    /// The shape that `name` has in the checkpoint, for what is as large as the data were; nil where it has none.
    public func shape(of name: String) -> [Int]? { store.shape(of: self.name(name)) }

    /// Puts `tensor`, of whatever shape, in the place of the tensor that was declared as `name`; it is moved to the store's device.
    ///
    /// - Returns: What the store has now.
    /// - Throws: `TorchError` where it cannot be moved.
    public func replace(_ name: String, with tensor: Tensor) throws(TorchError) -> Tensor {
        let moved = try tensor.converted(to: .float32).moved(to: store.device)
        store.replace(self.name(name), with: moved)
        return moved
    }

    func pages(of name: String) -> CheckpointPages { store.pages(of: self.name(name)) }

    private func name(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

/// How a weight that is not loaded begins. The forms are PyTorch's defaults for the layers that use them.
public enum Initializer: Sendable {
    /// The same value everywhere.
    case constant(Double)
    /// Normally distributed values of mean 0 and this standard deviation.
    case normal(deviation: Double)
    /// Evenly distributed values in `-bound ..< bound`.
    case uniform(bound: Double)

    /// The default of `torch.nn.Linear` and the convolutions, for weight and bias: uniform, with bound 1 / √fanIn.
    public static func fanIn(_ fanIn: Int) -> Initializer { .uniform(bound: 1 / Double(max(fanIn, 1)).squareRoot()) }

    /// Normal values with variance 2 / fanOut, for ReLU (He et al. 2015): torchvision's and timm's choice for convolutions.
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
