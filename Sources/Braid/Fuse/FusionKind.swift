public import Torch

/// A fusion that configurations may name.
public struct FusionKind: Registrable, Hashable {
    /// What errors call one of them.
    public static let noun = "a fusion"

    /// Makes a fusion of modalities, its weights asked of the scope.
    public typealias Make = @Sendable (Scope, [FusedModality]) throws -> any Fusion
    /// Makes a fusion that has heads of its own: `heads` gives those on an embedding of a size.
    public typealias MakeWithHeads =
        @Sendable (Scope, [FusedModality], _ heads: (Scope, Int) throws -> TaskHeads) throws -> any Fusion

    /// The same, told what each head predicts.
    typealias MakeForTargets =
        @Sendable (Scope, [FusedModality], [Target], _ heads: (Scope, Int) throws -> TaskHeads) throws -> any Fusion

    /// How a fusion comes to its values.
    public enum Making: Sendable {
        /// By gradients, epoch after epoch.
        case trained
        /// Computed from embeddings at once, so that nothing of what governs training by gradients acts.
        case fitted
        /// Its members are made, each in its own way.
        case ensembled
        /// It is no fusion, but the wish that training choose one.
        case chosen
    }

    /// What all fusions are told.
    public struct Basics: Sendable {
        /// The size d of projections and of the fused embedding.
        public let dimension: Int
        /// The chance of a value to be dropped in training.
        public let dropout: Double
    }

    /// What `fusion.type` calls it.
    public let name: String
    /// Where it is described.
    public let paper: String
    /// Whether it takes tokens, and not only one embedding a sample.
    public let takesTokens: Bool
    /// Whether it makes logits by itself, with heads of its own, and learns each modality as if it were alone.
    public let hasOwnHeads: Bool
    /// How it comes to its values.
    public let making: Making
    /// The size d where the configuration names none.
    public let standardDimension: Int
    let read: @Sendable (inout ConfigurationReader, Basics) -> MakeForTargets

    /// A fusion of embeddings.
    ///
    /// - Parameters:
    ///   - name: Unique among all fusions.
    ///   - paper: Where it is described.
    ///   - takesTokens: Whether it takes tokens, and not only one embedding a sample.
    ///   - standardDimension: The size d where the configuration names none.
    ///   - read: Reads the fusion's own keys, `fusion.….`, and gives what makes it.
    public init(
        name: String, paper: String, takesTokens: Bool = false, standardDimension: Int = 256,
        read: @escaping @Sendable (inout ConfigurationReader, Basics) -> Make
    ) {
        (self.name, self.paper, self.takesTokens, hasOwnHeads) = (name, paper, takesTokens, false)
        (making, self.standardDimension) = (.trained, standardDimension)
        self.read = { reader, basics in
            let make = read(&reader, basics)
            return { scope, modalities, _, _ in try make(scope, modalities) }
        }
    }

    /// A fusion of what heads say, which makes the heads itself. Takes the parameters of the other initialiser, `read` giving what
    /// makes the fusion from heads.
    public init(
        fusingLogits name: String, paper: String,
        read: @escaping @Sendable (inout ConfigurationReader, Basics) -> MakeWithHeads
    ) {
        (self.name, self.paper, takesTokens, hasOwnHeads) = (name, paper, false, true)
        (making, standardDimension) = (.trained, 256)
        self.read = { reader, basics in
            let make = read(&reader, basics)
            return { scope, modalities, _, heads in try make(scope, modalities, heads) }
        }
    }

    /// A fusion that is fitted, with heads of its own. `read` reads its keys, and gives what makes it for modalities and targets.
    ///
    /// - Parameter keepsStatistics: Whether what it makes is an `AccumulatingFusion`.
    init(
        fitted name: String, paper: String, keepsStatistics: Bool = false,
        read:
            @escaping @Sendable (inout ConfigurationReader) ->
            @Sendable (Scope, [FusedModality], [Target]) throws -> any FittedFusion
    ) {
        (self.name, self.paper, takesTokens, hasOwnHeads) = (name, paper, false, true)
        (making, standardDimension) = (.fitted, 256)
        self.keepsStatistics = keepsStatistics
        self.read = { reader, _ in
            let make = read(&reader)
            return { scope, modalities, targets, _ in try make(scope, modalities, targets) }
        }
    }

    /// A fusion of other fusions' answers. `read` reads its keys, and gives what makes it for modalities, targets and the members' heads.
    init(
        ensembling name: String, paper: String, read: @escaping @Sendable (inout ConfigurationReader, Basics) -> MakeForTargets
    ) {
        (self.name, self.paper, takesTokens, hasOwnHeads, making, standardDimension) = (name, paper, false, true, .ensembled, 256)
        self.read = read
    }

    /// What takes one modality, and fuses nothing. `make` makes it.
    init(unfused name: String, paper: String, make: @escaping @Sendable ([FusedModality]) throws -> any Fusion) {
        (self.name, self.paper, takesTokens, hasOwnHeads, making, standardDimension) = (name, paper, false, false, .trained, 256)
        takesOneModality = true
        read = { _, _ in { _, modalities, _, _ in try make(modalities) } }
    }

    private init(automatic name: String, paper: String) {
        (self.name, self.paper, takesTokens, hasOwnHeads, making, standardDimension) = (name, paper, false, false, .chosen, 256)
        read = { _, _ in
            { _, _, _, _ in throw BraidError(.internal, "fusion.type: \(name) is chosen by training, and was not") }
        }
    }

    /// Training chooses a fusion by cross-validation.
    public static let auto = FusionKind(automatic: "auto", paper: "docs/choosing.md")

    /// Whether its values are computed from embeddings at once.
    public var isFitted: Bool { making == .fitted }
    /// Whether its fit is computed from sums that further rows are added to, so that a training can go on from it.
    public private(set) var keepsStatistics = false
    /// Whether it takes the embedding of one modality as it is, and has nothing that dimension and dropout are of.
    public private(set) var takesOneModality = false
    /// Whether training chooses the fusion.
    public var isAutomatic: Bool { making == .chosen }

    /// Why what governs training by gradients does not act.
    var fittedReason: String {
        "fusion.type: \(name) is computed at once, not trained by gradient steps; leave it out, or take a fusion that is trained"
    }

    /// Two kinds of one name are one.
    public static func == (left: FusionKind, right: FusionKind) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// Every fusion there is, the ensemble of others, `auto`, and `none`.
    public static let registry = Registry<FusionKind>([
        .auto, .concat, .gated, .lowRank, .crossAttention, .bottleneck, .film, .simbamm, .late, .stacked,
        .analytic, .ensemble, .alone,
    ])

    /// Every fusion there is, but those made of others, and what takes one modality as it is.
    public static var fusions: [FusionKind] {
        registry.all.filter { !$0.takesOneModality && ($0.making == .trained || $0.making == .fitted) }
    }
}
