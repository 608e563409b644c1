public import Foundation
public import Torch

/// A method that takes part in training beside the heads' losses: it may add to the loss, change gradients, watch, and remember.
///
/// One more is a file with a class that conforms and its `PluginKind`, and a line in `PluginKind.registry`.
public protocol TrainingPlugin: AnyObject {
    /// Parameters of its own, which are trained and kept in checkpoints with the model's; nil where it has none.
    var parameters: ParameterStore? { get }

    /// The order in which an epoch shows the train split's samples, as many numbers as it has samples; nil: all of them, shuffled.
    ///
    /// - Parameter seed: What the order is drawn from; each epoch has another.
    func order(seed: UInt64) throws -> [Int]?

    /// What epochs are judged by, and the finished model is calibrated on.
    ///
    /// - Parameter val: The val split, with what plugins before have added.
    func judging(_ val: BatchSource) throws -> BatchSource

    /// Samples of the plugin's own that go through the model in one pass with a batch, so that batch norms see them together; nil: none.
    /// `TrainingStep.company` has what the model made of them. One plugin of a training may bring company.
    ///
    /// - Parameter batch: The samples of the step.
    func company(of batch: Batch) throws -> Batch?

    /// The loss of a step.
    ///
    /// - Parameters:
    ///   - loss: What the heads' losses and the plugins before make it.
    ///   - step: The samples, and what the model made of them.
    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor

    /// Called when gradients are there, before they are clipped and used.
    func afterBackward(_ step: TrainingStep) throws

    /// Called when all steps of an epoch are done, before the model is judged on the val split.
    ///
    /// - Parameter epoch: From 1.
    /// - Returns: Figures for the epoch's record, and what the user should be told.
    func afterEpoch(_ epoch: Int) throws -> PluginFindings

    /// What the plugin needs to go on after a break, in a form of its own; nil where it needs nothing.
    func state() throws -> Data?

    /// Takes what `state` gave.
    func restore(_ state: Data) throws

    /// Whether it has something to leave for a training that goes on from this one's model.
    var handsOn: Bool { get }

    /// Writes that into an empty folder, which becomes `continual/NAME` in the model's, NAME being that of the plugin's kind. A later training
    /// finds it as `TrainingContext.earlier?.handedOn(NAME)`.
    ///
    /// Called once, when the training is over: the context's model is the finished one, of the best epoch and calibrated. Plugins of the last
    /// phase are asked.
    ///
    /// - Parameter folder: Where the files go; the plugin names them.
    func handOn(to folder: URL) throws
}

extension TrainingPlugin {
    /// None.
    public var parameters: ParameterStore? { nil }

    /// All of them, shuffled.
    public func order(seed: UInt64) throws -> [Int]? { nil }

    /// The val split as it is.
    public func judging(_ val: BatchSource) throws -> BatchSource { val }

    /// None.
    public func company(of batch: Batch) throws -> Batch? { nil }

    /// The loss as it is.
    public func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor { loss }

    /// Does nothing.
    public func afterBackward(_ step: TrainingStep) throws {}

    /// Finds nothing.
    public func afterEpoch(_ epoch: Int) throws -> PluginFindings { PluginFindings() }

    /// Nothing.
    public func state() throws -> Data? { nil }

    /// Needs nothing.
    public func restore(_ state: Data) throws {}

    /// Nothing.
    public var handsOn: Bool { false }

    /// Has nothing.
    public func handOn(to folder: URL) throws {}
}

/// What a plugin found in an epoch.
public struct PluginFindings: Sendable {
    /// By name, for example `gradient_norm/image`: they go into `metrics.jsonl` and TensorBoard.
    public let figures: [String: Double]
    /// Sentences for the user.
    public let notes: [String]

    /// Makes one from its parts.
    public init(figures: [String: Double] = [:], notes: [String] = []) { (self.figures, self.notes) = (figures, notes) }
}

/// One step of a training, as plugins see it.
public struct TrainingStep {
    /// The samples.
    public let batch: Batch
    /// What the model made of them.
    public let output: FusionModel.Output
    /// The heads' losses on the batch, each times its weight, a scalar: without what plugins and single modalities add.
    public let headLoss: Tensor
    let objective: Objective
    /// What the model made of the samples that a plugin brought; nil where none did.
    public internal(set) var company: FusionModel.Output?
    /// The share of the training's steps that are done, from 0 to 1.
    public internal(set) var progress = 0.0

    /// The heads' losses of other logits of the same samples, a scalar.
    ///
    /// - Parameters:
    ///   - logits: `[B, C]` a head.
    ///   - counted: `[B]`, 1 or 0: the samples that count; nil: all.
    public func loss(of logits: [Tensor], counted: Tensor? = nil) throws -> Tensor {
        try objective.loss(logits, batch, counted: counted)
    }

    /// 1 where modality number `index` is visible, `[B]`.
    public func isVisible(_ index: Int) throws -> Tensor { try batch.presence.select(1, index).converted(to: .float32) }
}

/// What a plugin is made for.
public struct TrainingContext {
    /// The model that is trained.
    public let model: FusionModel
    /// The samples it learns from.
    public let train: BatchSource
    /// The samples it is judged on.
    public let val: BatchSource
    /// Where everything is computed.
    public let device: Device
    /// Is told what the user should know.
    public let reporter: any Reporter
    /// The model that the training goes on from (`braid train --init-from`): a teacher, and what methods handed on with it; nil where it begins
    /// anew. `model` has the same weights before the first step.
    public internal(set) var earlier: EarlierModel?
    /// Samples of a target domain, whose labels nothing has read; nil where there is none.
    public internal(set) var target: BatchSource?
    /// What products are computed in.
    var precision = TrainingSettings.Precision.fp32
    /// Of weights, order and dropout.
    public internal(set) var seed = 0
}

/// A training method that configurations may name.
public struct PluginKind: Registrable {
    /// What errors call one of them.
    public static let noun = "a training method"

    /// Makes the plugin of one training; nil where there is nothing for it to do.
    public typealias Make = @Sendable (TrainingContext) throws -> (any TrainingPlugin)?

    /// What a configuration says that matters to the keys of plugins.
    public struct Surroundings: Sendable {
        /// How many modalities there are.
        public let modalities: Int
        /// Which fusion there is.
        public let fusion: FusionKind
        /// The chance of a modality to be hidden in training.
        public let modalityDropout: Double
        /// Passes over the training split, at most.
        public let epochs: Int
        /// How the training is adapted to a target domain; nil where it is not.
        public let adaptation: AdaptationSettings?
        /// How the labels of the first head compare; nil where there is no head.
        public let labels: LabelForm?
        /// Whether any phase trains an encoder.
        public let trainsEncoders: Bool
        /// Whether pairs train encoders before all phases.
        public let trainsByPairs: Bool
    }

    /// What its state is stored under.
    public let name: String
    /// Where it is described.
    public let paper: String
    let read: @Sendable (inout ConfigurationReader, Surroundings) -> Make?

    /// - Parameters:
    ///   - name: Unique among all methods.
    ///   - paper: Where it is described.
    ///   - read: Reads the method's own keys, `training.….`, and gives what makes it; nil where it is not asked for.
    public init(
        name: String, paper: String, read: @escaping @Sendable (inout ConfigurationReader, Surroundings) -> Make?
    ) {
        (self.name, self.paper, self.read) = (name, paper, read)
    }

    /// Every training method there is, in the order in which they take part in a step.
    public static let registry = Registry<PluginKind>([.monitor, .balance, .alignment, .adaptation, .continual])
}

/// The plugins of a training, by the name of their kind, in the order in which they take part.
struct TrainingPlugins {
    let all: [(name: String, plugin: any TrainingPlugin)]

    init(_ settings: TrainingSettings, _ context: TrainingContext) throws {
        all = try settings.plugins.compactMap { name, make in try make(context).map { (name, $0) } }
    }

    /// None.
    init() { all = [] }

    /// Their own parameters and buffers.
    var entries: [ParameterStore.Entry] { all.flatMap { $0.plugin.parameters?.entries ?? [] } }

    func states() throws -> [String: Data] {
        var states: [String: Data] = [:]
        for (name, plugin) in all { states[name] = try plugin.state() }
        return states
    }

    /// What they leave for a later training.
    var handedOn: HandedOn {
        var parts = HandedOn()
        for (name, plugin) in all where plugin.handsOn { parts.add(name, plugin.handOn) }
        return parts
    }

    func restore(_ states: [String: Data]) throws {
        for (name, plugin) in all { if let state = states[name] { try plugin.restore(state) } }
    }
}
