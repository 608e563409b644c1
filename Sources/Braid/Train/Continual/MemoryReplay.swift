internal import Foundation
internal import Torch

/// Draws batches from a memory, and shows them to the model as new samples are shown.
struct MemoryReplay {
    /// Where drawing stands: what a checkpoint keeps.
    struct State: Codable {
        /// SplitMix64's.
        var random: UInt64
        /// Batches that were drawn.
        var batches = 0
    }

    let memory: SampleMemory
    private let context: TrainingContext
    private let objective: Objective
    var state: State

    init(_ memory: SampleMemory, _ context: TrainingContext) throws {
        (self.memory, self.context) = (memory, context)
        objective = try Objective(context.model, memory.source, device: context.device)
        state = State(random: UInt64(context.seed) ^ 0x5EED_0F_ACE5)
    }

    /// A batch of the memory, and what the model makes of it.
    struct Shown {
        /// The rows of the memory.
        let rows: [Int]
        let output: FusionModel.Output
        /// As the heads' losses on new samples.
        let loss: Tensor
    }

    /// Draws `count` rows, or all where there are fewer, none of them twice, and asks the model in training about them.
    mutating func show(_ count: Int) throws -> Shown {
        let drawn = try draw(count)
        let output = try context.model.trainingOutput(drawn.batch, context.precision)
        return Shown(rows: drawn.rows, output: output, loss: try loss(drawn.batch, output))
    }

    /// The heads' losses of a batch of the memory.
    func loss(_ batch: Batch, _ output: FusionModel.Output) throws -> Tensor { try objective(batch, output).loss }

    /// Draws `count` rows, or all where there are fewer, none of them twice.
    mutating func draw(_ count: Int) throws -> (rows: [Int], batch: Batch) {
        var random = RandomSource(seed: state.random)
        let rows = Self.draw(min(count, memory.rows.count), of: memory.rows.count, &random)
        let chance = context.model.settings.fusion.modalityDropout
        let presence = rows.map { memory.source.presence[$0].hidden(chance: chance, &random) }
        // Each batch is changed anew, however often a sample comes within an epoch.
        let draw = TrainingDraw(seed: context.seed, epoch: state.batches)
        (state.random, state.batches) = (random.state, state.batches + 1)
        return (rows, try memory.source.batch(rows, presence: presence, draw: draw))
    }

    /// `count` of the numbers below `all`, each set with the same chance (the first steps of Fisher and Yates).
    static func draw(_ count: Int, of all: Int, _ random: inout RandomSource) -> [Int] {
        var numbers = Array(0..<all)
        for place in 0..<count { numbers.swapAt(place, Int.random(in: place..<all, using: &random)) }
        return Array(numbers.prefix(count))
    }
}
