internal import BraidSupport

/// Which layers of a model get an adapter, and where the adapters' values come from. Layers ask it while the model is built.
public final class AdapterPlan {
    /// What an adapter learns.
    public let method: AdapterMethod
    /// Whether adapters are folded into the weights as these are read, so that layers keep their inference form.
    public let merges: Bool
    /// Every layer that could have had an adapter, in the order of the model.
    public private(set) var sites: [AdapterSite] = []
    /// Those that have one.
    public private(set) var adapted: [AdapterSite] = []
    /// Where a layer is scaled; nil for one without an adapter.
    public let side: (AdapterSite) -> AdapterSide?
    private let value: ((String) throws -> Tensor?)?
    /// How errors begin that are about `value`.
    fileprivate let source: String

    /// - Parameters:
    ///   - method: What an adapter learns.
    ///   - merges: Whether adapters are folded into the weights at once.
    ///   - file: What errors call the file that values come from.
    ///   - value: The tensor of a path such as `layer1.0.conv1.lora_A.weight`; nil where adapters begin as ones that change nothing.
    ///   - side: Where a layer is scaled; nil for a layer without an adapter.
    public init(
        _ method: AdapterMethod, merges: Bool = false, file: String? = nil, value: ((String) throws -> Tensor?)? = nil,
        side: @escaping (AdapterSite) -> AdapterSide?
    ) {
        self.method = method
        self.merges = merges
        self.value = value
        source = file.map { "\($0): " } ?? ""
        self.side = side
    }

    /// The layer's adapter, its values declared in `store`; nil where it gets none.
    func adapter(_ site: AdapterSite, of weight: Tensor, in store: ParameterStore) throws -> Adapter? {
        sites.append(site)
        guard site.groups == 1, let side = side(site) else { return nil }
        adapted.append(site)
        let declare = { [value, source] (name: String, shape: [Int], decays: Bool, initial: () throws -> Tensor) throws -> Tensor in
            let path = "\(site.path).\(name)"
            guard let value else { return try store.declareAdapter(path, shape, decays: decays, initial) }
            return try store.declareAdapter(path, shape, decays: decays) {
                guard let given = try value(path) else { throw BraidError(.badData, "\(source)the adapter has no \(path)") }
                guard given.shape == shape else {
                    throw BraidError(.badData, "\(source)the adapter's \(path) is \(given.shape); its layer takes \(shape)")
                }
                return try given.converted(to: .float32)
            }
        }
        let (outputs, inputs, isConvolution) = (site.shape[0], site.shape[1], site.isConvolution)
        switch method {
        case .scaling:
            let shape =
                switch (side, isConvolution) {
                case (.output, false): [outputs, 1]
                case (.input, false): [1, inputs]
                case (.output, true): [1, outputs, 1, 1]
                case (.input, true): [1, inputs, 1, 1]
                }
            return Adapter(site, .scaling(try declare("ia3_l", shape, false) { try .ones(shape) }, side))
        case .lowRank(let rank):
            let narrow = [rank.rank] + site.shape.dropFirst()
            let wide = [outputs, rank.rank] + (isConvolution ? [1, 1] : [])
            try Self.check(rank.rank, of: site, (narrow + [1]).reduce(1, *) + outputs * rank.rank)
            // PEFT's beginning, kaiming_uniform(a = √5): the bound is one over the root of the fan-in.
            let initializer = Initializer.fanIn(site.shape.dropFirst().reduce(1, *))
            let down = try declare("lora_A.weight", narrow, true) { try initializer.tensor(narrow) }
            let up = try declare("lora_B.weight", wide, true) { try .zeros(wide) }
            let lengths = isConvolution ? [1, outputs, 1, 1] : [outputs]
            let magnitude =
                rank.isDecomposed
                ? try declare("lora_magnitude_vector", lengths, false) { try Adapter.lengths(weight.detached()).reshaped(lengths) }
                : nil
            return Adapter(site, .lowRank(rank, down: down, up: up, magnitude: magnitude))
        }
    }
}

extension AdapterPlan {
    /// Refuses a rank whose matrices are far larger than the layer's own: nothing is learnt by them that a lower one does not learn.
    private static func check(_ rank: Int, of site: AdapterSite, _ values: Int) throws {
        let own = site.shape.reduce(1, *)
        guard values > 1_000_000 + 4 * own else { return }
        throw BraidError(
            .badConfiguration,
            "lora:\(rank): the adapter of \(site.path) would have \(values) values, and the layer itself has \(own); set a lower rank"
        )
    }
}

extension Scope {
    /// A layer's weight and bias as they are computed with, and its adapter, where the store's plan has one for it.
    ///
    /// - Parameters:
    ///   - weight: As `parameter` gave it under the name `weight`.
    ///   - bias: As `parameter` gave it under the name `bias`; nil for a layer without one.
    ///   - groups: Into how many groups a convolution's channels fall.
    ///   - isTransposed: Whether the weight has inputs first, as GPT-2's have.
    /// - Throws: `TorchError` where an adapter's values do not fit the layer.
    public func adapted(
        _ weight: Tensor, bias: Tensor?, groups: Int = 1, isTransposed: Bool = false
    ) throws -> (weight: Tensor, bias: Tensor?, adapter: Adapter?) {
        guard let plan = store.adapters else { return (weight, bias, nil) }
        let upright = isTransposed ? try weight.transposed(0, 1) : weight
        let site = AdapterSite(path: path, shape: upright.shape, groups: groups, isTransposed: isTransposed)
        guard let adapter = try plan.adapter(site, of: upright, in: store) else { return (weight, bias, nil) }
        guard plan.merges else { return (weight, bias, adapter) }
        var (fresh, shift) = try adapter.merged(weight: upright, bias: bias)
        if let damage = try WeightDamage.of(fresh, path) {
            throw BraidError(.badData, "\(plan.source)with the adapter, \(path).weight \(damage)")
        }
        fresh = try (isTransposed ? fresh.transposed(0, 1) : fresh).contiguous()
        store.replace("\(path).weight", with: fresh)
        if let shift { store.replace("\(path).bias", with: shift) }
        return (fresh, shift, nil)
    }
}
