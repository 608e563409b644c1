internal import Foundation
internal import Torch

extension ContinualKind {
    /// Remembered samples, with what the model said of them when they were taken in.
    static let der = ContinualKind(name: "der", paper: "Buzzega et al. 2020, arXiv:2004.07211", files: RememberedVal.files) {
        reader, around in
        let settings = MemorySettings(&reader, around)
        let alpha = reader.double(
            "training.continual.alpha", 0.5, 0...1000,
            "Weight of the squared difference between the logits of remembered samples and those that were kept of them.")
        let beta = reader.double(
            "training.continual.beta", 1, 0...1000, "Weight of the loss of remembered samples by their labels; 0: DER, else DER++.")
        reader.refuse(
            "training.continual.beta", unless: alpha > 0 || beta > 0,
            "with training.continual.alpha: 0 nothing of the memory is used; set one of them above 0")
        return { try DarkReplay(settings, $0, alpha: alpha, beta: beta, trainsEncoders: around.trainsEncoders) }
    }
}

/// Dark experience replay (DER++): the loss of new samples, and of two draws from the memory the squared difference to the logits that were kept,
/// and the loss by labels, as in its authors' code.
///
/// Their heads have every class from the start. Here a class that came later has no logit that was kept, and is not compared. They keep a
/// sample's logits when a step shows it; here the model that the stage leaves says them, so that memory and model belong together.
final class DarkReplay: TrainingPlugin {
    private let settings: MemorySettings
    private let context: TrainingContext
    private let alpha: Double
    private let beta: Double
    private let earlier: SampleMemory?
    private let val: RememberedVal
    private var replay: MemoryReplay?
    private var (sums, steps) = ([0.0, 0.0], 0)

    init(_ settings: MemorySettings, _ context: TrainingContext, alpha: Double, beta: Double, trainsEncoders: Bool) throws {
        (self.settings, self.context, self.alpha, self.beta) = (settings, context, alpha, beta)
        earlier = try SampleMemory.read(context, trainsEncoders: trainsEncoders, keepsLogits: true)
        val = try RememberedVal(context, trainsEncoders: trainsEncoders)
        replay = try earlier.map { try MemoryReplay($0, context) }
        if let earlier { context.reporter.note("der: \(counted(earlier.rows.count, "remembered sample"))") }
    }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        guard var replay else { return loss }
        defer { self.replay = replay }
        let count = max(1, Int((settings.ratio * Double(step.batch.count)).rounded()))
        let difference = try alpha > 0 ? self.difference(replay.show(count), replay.memory) : nil
        let own = try beta > 0 ? replay.show(count).loss : nil
        sums[0] += try difference?.item() ?? 0
        sums[1] += try own?.item() ?? 0
        steps += 1
        return try Self.sum(loss, difference: difference, alpha: alpha, own: own, beta: beta)
    }

    /// The loss of new samples, and what remembered ones add to it.
    ///
    /// - Parameters:
    ///   - loss: Of new samples.
    ///   - difference: Of logits from those that were kept, with `alpha` its weight; nil: none is asked for.
    ///   - own: The loss of remembered samples by their labels, with `beta` its weight; nil: none is asked for.
    static func sum(_ loss: Tensor, difference: Tensor?, alpha: Double, own: Tensor?, beta: Double) throws -> Tensor {
        let parts = [loss, try difference?.scaled(by: alpha), try own?.scaled(by: beta)].compactMap { $0 }
        return try Objective.sum(parts) ?? loss
    }

    /// Over the heads, each by its weight.
    private func difference(_ shown: MemoryReplay.Shown, _ memory: SampleMemory) throws -> Tensor {
        let order = try Tensor(shown.rows.map(Int64.init), shape: [shown.rows.count]).moved(to: context.device)
        let parts = try shown.output.logits.enumerated().map { head, logits in
            try Self.difference(logits, memory.logits[head].rows(order), known: shown.rows.map { memory.known[$0][head] })
                .scaled(by: context.model.settings.heads[head].weight)
        }
        guard let sum = try Objective.sum(parts) else { throw BraidError(.internal, "a model without a head") }
        return sum
    }

    /// The mean squared difference of logits `[B, C]` from those that were kept, over the first `known` of each row.
    static func difference(_ logits: Tensor, _ kept: Tensor, known: [Int]) throws -> Tensor {
        let width = logits.shape[1]
        let flags = known.flatMap { count in (0..<width).map { Float($0 < count ? 1 : 0) } }
        let mask = try Tensor(flags, shape: [known.count, width]).moved(to: logits.device)
        return try ((logits - kept).power(2) * mask).sum() / mask.sum().clamped(atLeast: 1)
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        defer { (sums, steps) = ([0, 0], 0) }
        guard steps > 0 else { return PluginFindings() }
        return PluginFindings(figures: ["der/difference": sums[0] / Double(steps), "der/loss": sums[1] / Double(steps)])
    }

    func state() throws -> Data? { try JSONEncoder().encode(MethodState(replay: replay?.state, sums: sums, steps: steps)) }

    func restore(_ state: Data) throws {
        let state = try JSONDecoder().decode(MethodState.self, from: state)
        if let drawn = state.replay { replay?.state = drawn }
        (sums, steps) = (state.sums.count == 2 ? state.sums : [0, 0], state.steps)
    }

    func judging(_ val: BatchSource) throws -> BatchSource { try self.val.judging(val) }

    var handsOn: Bool { true }

    func handOn(to folder: URL) throws {
        let filling = MemoryFilling(
            settings: settings, context: context, source: context.train, count: settings.replayed, keepsLogits: true)
        let memory = try filling(earlier)
        try memory.write(into: folder, heads: context.model.targets.map(\.name))
        try val.handOn(to: folder, settings)
        context.reporter.note("\(counted(memory.rows.count, "sample")) remembered for the next stage, with their logits")
    }
}
