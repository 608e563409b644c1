internal import Foundation
internal import Torch

/// The loop over epochs and batches.
struct TrainingLoop {
    let settings: TrainingSettings
    let phase: TrainingPhase
    /// Whether training may stop when the metric no longer improves: not before the last phase.
    let stopsEarly: Bool
    /// The chance of a modality to be hidden.
    let modalityDropout: Double
    let reporter: any Reporter
    let trainee: Trainee
    let optimizer: any Optimizer
    let data: SplitData
    let store: any CheckpointStore
    let device: Device
    /// Training ends after this epoch, the schedule being that of all; nil: as the phase says.
    var lastEpoch: Int?
    var afterEpoch: ((Int) throws -> Void)?
    /// Who may ask the training to stop; nil: nobody.
    var interruption: Interruption?

    /// The samples of a step.
    private var stepSize: Int { settings.batchSize * settings.accumulation }
    private var stepsPerEpoch: Int { (data.train.samples.count + stepSize - 1) / stepSize }
    private var totalSteps: Int { stepsPerEpoch * phase.epochs.count }
    /// The epoch that this training ends with, unless it stops before.
    private var end: Int { min(phase.epochs.upperBound, lastEpoch ?? .max) }

    /// Trains until the phase's epochs are used up or the metric stops improving; says whether it was the latter.
    ///
    /// On embeddings at hand a step is so small that threads would mostly wait for each other, and for whatever else the machine does: it runs
    /// on one.
    func run(_ state: inout TrainingState) throws -> Bool {
        guard let interruption else { return try trainOnThreads(&state) }
        return try interruption.listening { try trainOnThreads(&state) }
    }

    private func trainOnThreads(_ state: inout TrainingState) throws -> Bool {
        guard trainee.model.encoders.values.allSatisfy(\.isFrozen) else { return try train(&state) }
        return try onOneThread { try train(&state) }
    }

    private func train(_ state: inout TrainingState) throws -> Bool {
        let objective = try Objective(trainee.model, data.train, device: device)
        while state.epoch < end {
            if isExhausted(state) { return true }
            let start = ContinuousClock.now
            let progress = reporter.begin("epoch \(state.epoch + 1)/\(settings.epochs)", total: data.train.samples.count)
            let pass = try runEpoch(&state, objective, progress)
            if pass.skipped == pass.steps { throw overflowed("all \(pass.steps) steps of epoch \(state.epoch + 1)") }
            state.epoch += 1
            (state.random, state.pass) = (pass.random, nil)
            let findings = try plugins.map { try $0.afterEpoch(state.epoch) }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let trainLoss = pass.lossSum / Double(data.train.samples.count)
            try keep(validate(state, trainLoss: trainLoss, findings, seconds: seconds), &state)
            progress.finish((state.history.last?.summary ?? "") + (state.bestEpoch == state.epoch ? "  best" : ""))
            for note in findings.flatMap(\.notes) { reporter.note(note) }
            if let skipped = pass.skipped {
                reporter.note(
                    "epoch \(state.epoch): the gradients of \(skipped) of \(pass.steps) steps were not finite; these changed nothing"
                )
            }
            try afterEpoch?(state.epoch)
        }
        return false
    }

    /// The steps of an epoch that are not done yet.
    private func runEpoch(
        _ state: inout TrainingState, _ objective: Objective, _ progress: any StepProgress
    ) throws -> EpochPass {
        var random = RandomSource(seed: state.random)
        let chosen = try plugins.compactMap { try $0.order(seed: state.random) }.last
        let shuffled = Array(data.train.samples.indices).shuffled(using: &random)
        let order = chosen ?? shuffled
        var pass = state.pass ?? EpochPass(random: random.state)
        random = RandomSource(seed: pass.random)
        progress.advance(by: min(order.count, pass.steps * stepSize))
        var lastKept = ContinuousClock.now
        for first in stride(from: pass.steps * stepSize, to: order.count, by: stepSize) {
            let indices = Array(order[first..<min(first + stepSize, order.count)])
            // Hide modalities at random, so that the model learns to do without any of them.
            let presence = indices.map { data.train.presence[$0].hidden(chance: modalityDropout, &random) }
            pass.lossSum += try step(indices, presence, objective, state, &pass) * Double(indices.count)
            state.step += 1
            pass.steps += 1
            pass.random = random.state
            progress.advance(by: indices.count)
            let isAsked = interruption?.isAsked == true
            guard isAsked || settings.checkpoint.isDue(steps: pass.steps, since: lastKept) else { continue }
            state.pass = pass
            state.plugins = try trainee.plugins.states()
            try store.keepStep(trainee, optimizer, state)
            lastKept = .now
            if isAsked { throw TrainingInterrupted(epoch: state.epoch + 1, steps: (pass.steps, stepsPerEpoch)) }
        }
        return pass
    }

    /// What changes the samples of a batch.
    private func draw(_ epoch: Int, batch: Int) -> TrainingDraw {
        TrainingDraw(seed: settings.seed, epoch: epoch, batch: batch, mixing: settings.mixing)
    }

    /// One step, of as many batches as are accumulated; gives the mean loss.
    private func step(
        _ indices: [Int], _ presence: [[Bool]], _ objective: Objective, _ state: TrainingState, _ pass: inout EpochPass
    ) throws -> Double {
        try optimizer.clearGradients()
        var sum = 0.0
        for first in stride(from: 0, to: indices.count, by: settings.batchSize) {
            let part = first..<min(first + settings.batchSize, indices.count)
            let draw = draw(state.epoch, batch: pass.steps * settings.accumulation + first / settings.batchSize)
            let batch = try data.train.batch(Array(indices[part]), presence: Array(presence[part]), draw: draw)
            let (made, headLoss) = try trainee.step(batch, objective, settings.precision)
            var step = made
            step.progress = Double(state.step) / Double(stepsPerEpoch * settings.epochs)
            let loss = try plugins.reduce(headLoss) { try $1.loss($0, step) }
            let value = try loss.item()
            guard value.isFinite else { throw diverged(value, state.step) }
            sum += value * Double(part.count)
            // Back, and let plugins change gradients. Each batch counts by its samples.
            let share = Double(part.count) / Double(indices.count)
            try (share < 1 ? loss.scaled(by: share) : loss).backward()
            for plugin in plugins { try plugin.afterBackward(step) }
        }
        // Clip, and step at the schedule's rate.
        if settings.clip > 0, try !optimizer.clipGradients(to: settings.clip).isFinite {
            try skip(&pass, state.step)
            return sum / Double(indices.count)
        }
        pass.skippedInARow = nil
        try optimizer.step(learningRate: learningRate(state.step))
        try trainee.average?.update()
        return sum / Double(indices.count)
    }

    /// Leaves out a step whose gradients overflowed, as loss scaling does: the weights would be lost by it.
    private func skip(_ pass: inout EpochPass, _ step: Int) throws {
        pass.skipped = (pass.skipped ?? 0) + 1
        pass.skippedInARow = (pass.skippedInARow ?? 0) + 1
        guard pass.skippedInARow == Self.mostSkipped else { return }
        throw overflowed("\(Self.mostSkipped) steps one after the other, the last of them step \(step),")
    }

    private func overflowed(_ steps: String) -> BraidError {
        BraidError(
            .badData,
            "the gradients of \(steps) are not finite: lower training.learning_rate, set training.precision: fp32, or look for broken samples with braid check"
        )
    }

    private static let mostSkipped = 10

    private var plugins: [any TrainingPlugin] { trainee.plugins.all.map(\.plugin) }

    private func diverged(_ value: Double, _ step: Int) -> BraidError {
        BraidError(
            .badData,
            "the loss is \(value) at step \(step): lower training.learning_rate (\(phase.learningRate ?? settings.learningRate)), or look for broken samples with braid check"
        )
    }

    private func learningRate(_ step: Int) -> Double {
        let step = step - phase.epochs.lowerBound * stepsPerEpoch
        return (phase.learningRate ?? settings.learningRate)
            * settings.schedule.factor(step: step, of: totalSteps, warmup: Int(bounded: settings.warmup * Double(totalSteps)))
    }

    private func validate(
        _ state: TrainingState, trainLoss: Double, _ findings: [PluginFindings], seconds: Double
    ) throws -> EpochRecord {
        let predictions = try trainee.averaged { try trainee.model.predict(data.val) }
        return EpochRecord(
            epoch: state.epoch, step: state.step, trainLoss: trainLoss, learningRate: learningRate(state.step - 1),
            valLoss: predictions.loss,
            val: try predictions.scores(also: (settings.earlyStoppingHead, settings.earlyStoppingMetric)),
            figures: findings.map(\.figures).reduce(into: [:]) { $0.merge($1) { $1 } }, seconds: seconds)
    }

    /// Writes the epoch down, and the checkpoints.
    private func keep(_ record: EpochRecord, _ state: inout TrainingState) throws {
        let metric = settings.earlyStoppingMetric
        // Where nothing is known of an epoch, the latest is the best.
        let isLast = settings.adaptation?.isOfLastEpoch == true
        let value = isLast ? nil : metric == .loss ? record.valLoss : record.val[settings.stoppingName(trainee.model)]
        state.best.add(state.epoch, value, by: metric, keeping: settings.averaging.best)
        if state.best.holds(state.epoch) {
            try trainee.averaged { try store.keepWeights(trainee, of: state.epoch, state.best) }
        }
        state.history.append(record)
        state.plugins = try trainee.plugins.states()
        try store.keepEpoch(trainee, optimizer, state, mustWrite: afterEpoch != nil || state.epoch >= end || isExhausted(state))
    }

    private func isExhausted(_ state: TrainingState) -> Bool {
        stopsEarly && settings.patience > 0
            && state.epoch - max(state.bestEpoch, phase.epochs.lowerBound) >= settings.patience
    }
}

extension Array where Element == Bool {
    /// Each that is true becomes false with `chance`; one of those that are true always stays.
    func hidden(chance: Double, _ random: inout RandomSource) -> [Bool] {
        guard chance > 0 else { return self }
        let kept = map { $0 && Double.random(in: 0..<1, using: &random) >= chance }
        guard !kept.contains(true), let survivor = indices.filter({ self[$0] }).randomElement(using: &random) else { return kept }
        return kept.indices.map { $0 == survivor }
    }
}
