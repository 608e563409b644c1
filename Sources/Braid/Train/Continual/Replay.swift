internal import Foundation
internal import Torch

extension ContinualKind {
    /// Samples of earlier stages among the new ones.
    static let replay = ContinualKind(name: "replay", paper: "Chaudhry et al. 2019, arXiv:1902.10486", files: RememberedVal.files) {
        reader, around in
        let settings = MemorySettings(&reader, around)
        let weighing: Replay.Weighing = reader.choice(
            "training.continual.weighing", .seen,
            "What remembered samples count in the loss: seen, as much as all samples of earlier stages, which they stand for, against those of this stage; or drawn, each as much as a new one."
        )
        return { try Replay(settings, $0, weighing, trainsEncoders: around.trainsEncoders) }
    }
}

/// Experience replay: each batch of new samples is one with samples of the memory, which go through the model with it.
///
/// However many are drawn, they count as much as all samples that were ever seen: so the loss is on average that of a training on all of them,
/// each class as often as the memory has it.
final class Replay: TrainingPlugin {
    /// What remembered samples count.
    enum Weighing: String, CaseIterable, Sendable {
        /// As much as all samples of earlier stages against those of this one.
        case seen
        /// Each as much as a new one.
        case drawn
    }

    private let settings: MemorySettings
    private let context: TrainingContext
    private let weighing: Weighing
    private let earlier: SampleMemory?
    private let val: RememberedVal
    private var replay: MemoryReplay?
    /// What was drawn for the step.
    private var drawn: Batch?
    private var (sum, steps) = (0.0, 0)

    init(_ settings: MemorySettings, _ context: TrainingContext, _ weighing: Weighing, trainsEncoders: Bool) throws {
        (self.settings, self.context, self.weighing) = (settings, context, weighing)
        earlier = try SampleMemory.read(context, trainsEncoders: trainsEncoders, keepsLogits: false)
        val = try RememberedVal(context, trainsEncoders: trainsEncoders)
        replay = try earlier.map { try MemoryReplay($0, context) }
        if let earlier { context.reporter.note("replay: \(counted(earlier.rows.count, "remembered sample"))") }
    }

    func company(of batch: Batch) throws -> Batch? {
        drawn = try replay?.draw(max(1, Int((settings.ratio * Double(batch.count)).rounded()))).batch
        return drawn
    }

    /// The mean loss over new and remembered samples together, as if they were one batch.
    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        guard let replay, let drawn, let company = step.company else { return loss }
        let own = try replay.loss(drawn, company)
        sum += try own.item()
        steps += 1
        let share = Self.share(
            weighing, drawn: (drawn.count, step.batch.count), seen: (replay.memory.seen, context.train.samples.count))
        return try loss.scaled(by: 1 - share) + own.scaled(by: share)
    }

    /// What remembered samples count in a step, from 0 to 1; new ones count the rest.
    ///
    /// - Parameters:
    ///   - drawn: Remembered samples of the step, and new ones.
    ///   - seen: Samples of earlier stages, and of this one.
    static func share(_ weighing: Weighing, drawn: (Int, Int), seen: (Int, Int)) -> Double {
        let (old, new) = weighing == .seen ? seen : drawn
        return Double(old) / Double(max(1, old + new))
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        defer { (sum, steps) = (0, 0) }
        return PluginFindings(figures: steps > 0 ? ["replay/loss": sum / Double(steps)] : [:])
    }

    func state() throws -> Data? {
        try JSONEncoder().encode(MethodState(replay: replay?.state, sums: [sum], steps: steps))
    }

    func restore(_ state: Data) throws {
        let state = try JSONDecoder().decode(MethodState.self, from: state)
        if let drawn = state.replay { replay?.state = drawn }
        (sum, steps) = (state.sums.first ?? 0, state.steps)
    }

    func judging(_ val: BatchSource) throws -> BatchSource { try self.val.judging(val) }

    var handsOn: Bool { true }

    func handOn(to folder: URL) throws {
        let filling = MemoryFilling(
            settings: settings, context: context, source: context.train, count: settings.replayed)
        let memory = try filling(earlier)
        try memory.write(into: folder, heads: [])
        try val.handOn(to: folder, settings)
        context.reporter.note("\(counted(memory.rows.count, "sample")) remembered for the next stage")
    }
}

/// What methods need to go on after a break.
struct MethodState: Codable {
    /// Where drawing from the memory stands; nil where there is none.
    var replay: MemoryReplay.State?
    /// Of the epoch's figures so far, added up.
    var sums: [Double] = []
    /// Steps that they are of.
    var steps = 0
}
