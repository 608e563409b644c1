internal import Foundation
internal import Torch

/// The loop over passes and batches of pairs, for one embedding.
struct PairLoop {
    /// What is trained: a modality, or `fused`.
    let name: String
    let pairs: [PairList.Pair]
    let settings: TrainingSettings
    let contrastive: ContrastiveSettings
    /// What changes it. Its groups' rates are over `settings.learningRate`.
    let optimizer: any Optimizer
    let device: Device
    let reporter: any Reporter
    /// Who may ask the training to stop; nil: nobody.
    var interruption: Interruption?
    /// Embeddings `[N, D]` of samples by number, drawn as the draw says.
    let embed: ([Int], TrainingDraw) throws -> Tensor
    /// Writes down where the training stands.
    let keep: (PairState) throws -> Void

    private var stepsPerEpoch: Int { (pairs.count + contrastive.batchSize - 1) / contrastive.batchSize }

    /// The steps of all passes.
    var totalSteps: Int { min(contrastive.maxSteps ?? .max, stepsPerEpoch * contrastive.epochs) }

    /// Trains from the step that `state` stands at to the last.
    func run(_ state: inout PairState) throws {
        while state.step < totalSteps { try runEpoch(&state) }
    }

    private func runEpoch(_ state: inout PairState) throws {
        let epoch = state.step / stepsPerEpoch
        let begin = epoch * stepsPerEpoch
        let steps = min(stepsPerEpoch, totalSteps - begin)
        let count = min(pairs.count, steps * contrastive.batchSize)
        let started = ContinuousClock.now
        let progress = reporter.begin("pairs of \(name), epoch \(epoch + 1)/\(contrastive.epochs)", total: count)
        progress.advance(by: (state.step - begin) * contrastive.batchSize)
        // The order follows from the seed and the epoch alone: nothing of it is kept.
        var draws = Draws("\(settings.seed) \(name) pairs order \(epoch)")
        let order = draws.order(pairs.count)
        var lastKept = ContinuousClock.now
        for first in stride(from: (state.step - begin) * contrastive.batchSize, to: count, by: contrastive.batchSize) {
            let batch = order[first..<min(first + contrastive.batchSize, count)].map { pairs[$0] }
            state.lossSum += try step(batch, state.step) * Double(batch.count)
            state.step += 1
            progress.advance(by: batch.count)
            let isAsked = interruption?.isAsked == true
            guard isAsked || settings.checkpoint.isDue(steps: state.step, since: lastKept) else { continue }
            // The end of a pass is written with its record, below.
            if state.step < begin + steps { try keep(state) }
            lastKept = .now
            if isAsked, state.step < begin + steps { throw stopped(epoch, state.step - begin) }
        }
        let loss = state.lossSum / Double(count)
        state.lossSum = 0
        state.history.append(
            PairRecord(
                embedding: name, epoch: epoch + 1, step: state.step, pairs: count, loss: loss, rateFactor: factor(state.step - 1),
                seconds: (ContinuousClock.now - started) / .seconds(1)))
        try keep(state)
        progress.finish(String(format: "loss %.4f", loss))
        if interruption?.isAsked == true { throw stopped(epoch, steps) }
    }

    private func stopped(_ epoch: Int, _ done: Int) -> TrainingInterrupted {
        TrainingInterrupted(epoch: epoch + 1, steps: (done, stepsPerEpoch), pairs: name)
    }

    /// One step; gives the mean loss.
    private func step(_ batch: [PairList.Pair], _ step: Int) throws -> Double {
        try optimizer.clearGradients()
        // Both sides in one go: batch norm, where it learns, sees all of a step. Every step draws anew, for samples come again and again.
        let samples = batch.map { Int($0.first) } + batch.map { Int($0.second) }
        let embeddings = try embed(samples, TrainingDraw(seed: settings.seed, epoch: step))
        let labels = try Tensor(batch.map { $0.isAlike ? Float(1) : 0 }, shape: [batch.count]).moved(to: device)
        let loss = try contrastive.loss(
            embeddings.slice(0, 0..<batch.count), embeddings.slice(0, batch.count..<2 * batch.count), labels)
        let value = try loss.item()
        guard value.isFinite else {
            throw BraidError(
                .badData,
                "the loss of pairs of \(name) is \(value) at step \(step): lower modalities.….learning_rate, or look for broken samples with braid check"
            )
        }
        try loss.backward()
        if settings.clip > 0 { try optimizer.clipGradients(to: settings.clip) }
        try optimizer.step(learningRate: settings.learningRate * factor(step))
        return value
    }

    /// The schedule's. Transformers rounds the steps of a share up.
    private func factor(_ step: Int) -> Double {
        contrastive.schedule.factor(
            step: step, of: totalSteps, warmup: Int((contrastive.warmup * Double(totalSteps)).rounded(.up)))
    }
}
