public import Torch

/// A method that adapts a training to a target domain of which no labels are read: a further loss, or a change of what is learnt from.
///
/// One more is a file with the method and its kind, and a line in `AdaptationKind.registry`.
public struct AdaptationKind: Registrable {
    /// What errors call one of them.
    public static let noun = "a method of adaptation"

    /// Makes the loss for embeddings of a size, and logits of a number of classes; parameters of its own are declared in the scope.
    public typealias MakeLoss = @Sendable (_ place: Scope, _ dimension: Int, _ classes: Int) throws -> any AdaptationLoss

    /// How a method acts.
    enum Form: Sendable {
        /// Several methods are tried, and what they make of the target domain decides.
        case choice
        /// It adds to the loss of each step.
        case loss(isOnLogits: Bool, weight: Double, @Sendable (inout ConfigurationReader) -> MakeLoss)
        /// It changes what is learnt from, before anything is learnt.
        case data(@Sendable (inout ConfigurationReader) -> any DataAdaptation)
    }

    /// The method's name in configurations.
    public let name: String
    /// Where it is described.
    public let paper: String
    let needsClasses: Bool
    let form: Form

    init(_ name: String, paper: String, needsClasses: Bool, _ form: Form) {
        (self.name, self.paper, self.needsClasses, self.form) = (name, paper, needsClasses, form)
    }

    /// A loss that is added to each step's.
    ///
    /// - Parameters:
    ///   - name: Unique among all methods.
    ///   - paper: Where it is described.
    ///   - needsClasses: Whether it needs a head with classes that exclude each other.
    ///   - isOnLogits: Whether it goes by logits alone, so that there is no embedding to name.
    ///   - weight: What the loss counts where the configuration is silent.
    ///   - read: Reads the method's own keys, `training.adaptation.….`, and gives what makes the loss.
    public init(
        _ name: String, paper: String, needsClasses: Bool = false, isOnLogits: Bool = false, weight: Double = 1,
        loss read: @escaping @Sendable (inout ConfigurationReader) -> MakeLoss
    ) {
        self.init(name, paper: paper, needsClasses: needsClasses, .loss(isOnLogits: isOnLogits, weight: weight, read))
    }

    /// Whether it acts in the steps of a training by gradients, and so not on a fusion that is fitted.
    var isLoss: Bool { if case .loss = form { true } else { false } }
    /// Whether several are tried.
    var isChoice: Bool { if case .choice = form { true } else { false } }

    /// Tries several methods, and keeps what the target's unlabelled rows speak for.
    static let auto = AdaptationKind("auto", paper: "Lalou et al. 2024, arXiv:2407.11676", needsClasses: true, .choice)

    /// Every method there is, in the order in which they are tried.
    public static let registry = Registry<AdaptationKind>([
        .auto, .standardise, .recolour, .selfTraining, .coral, .mmd, .lmmd, .dann, .cdan, .mcc,
    ])
}

/// The loss of a method, between batches of both domains.
public protocol AdaptationLoss: AnyObject {
    /// The loss, a scalar.
    ///
    /// - Parameters:
    ///   - source: Labelled rows, as the model sees them.
    ///   - target: Rows of the target domain.
    ///   - strength: From 0 to 1, as the schedule has it by now: a factor on the loss, or of an adversary on what it passes back.
    func callAsFunction(_ source: DomainBatch, _ target: DomainBatch, strength: Double) throws -> Tensor
}

/// What the model made of rows of one domain.
public struct DomainBatch {
    /// Embeddings `[B, d]`, fused or of one modality.
    public let features: Tensor
    /// The first head's logits `[B, C]`, one a class.
    public let logits: Tensor
    /// How far each row belongs to each class by its label, `[B, C]`, rows of zeros where it has none; nil of the target, and of heads without classes.
    public let labels: Tensor?

    /// Makes one from its parts.
    public init(features: Tensor, logits: Tensor, labels: Tensor? = nil) {
        (self.features, self.logits, self.labels) = (features, logits, labels)
    }
}

/// A change of what is learnt from.
protocol DataAdaptation: Sendable {
    /// The data to learn from in place of `data`, whose target is at hand. The test split stays as it is.
    ///
    /// - Parameter fit: Trains a model on data, as the configuration says.
    func callAsFunction(_ data: SplitData, fit: (SplitData) throws -> FusionModel) throws -> SplitData
}
