internal import Foundation
internal import Torch

extension ContinualKind {
    /// Samples of earlier stages among the new ones.
    static let replay = ContinualKind(name: "replay", paper: "Chaudhry et al. 2019, arXiv:1902.10486", file: SampleMemory.fileName)
    { reader, around in
        let settings = MemorySettings(&reader, around)
        return { try Replay(settings, $0, trainsEncoders: around.trainsEncoders) }
    }
}

/// Experience replay: each batch of new samples is one with samples of the memory.
final class Replay: TrainingPlugin {
    private let settings: MemorySettings
    private let context: TrainingContext
    private let earlier: SampleMemory?
    private var replay: MemoryReplay?
    private var (sum, steps) = (0.0, 0)

    init(_ settings: MemorySettings, _ context: TrainingContext, trainsEncoders: Bool) throws {
        (self.settings, self.context) = (settings, context)
        earlier = try SampleMemory.read(context, trainsEncoders: trainsEncoders, keepsLogits: false)
        replay = try earlier.map { try MemoryReplay($0, context) }
        if let earlier { context.reporter.note("replay: \(counted(earlier.rows.count, "remembered sample"))") }
    }

    /// The mean loss over new and remembered samples together, as if they were one batch.
    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        let new = step.batch.count
        guard let shown = try replay?.show(max(1, Int((settings.ratio * Double(new)).rounded()))) else { return loss }
        sum += try shown.loss.item()
        steps += 1
        let share = Double(shown.rows.count) / Double(new + shown.rows.count)
        return try loss.scaled(by: 1 - share) + shown.loss.scaled(by: share)
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

    var handsOn: Bool { true }

    func handOn(to folder: URL) throws {
        let memory = try MemoryFilling(settings: settings, context: context, keepsLogits: false)(earlier)
        try memory.write(into: folder, heads: [])
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
