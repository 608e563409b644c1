internal import Foundation
internal import Torch

/// The loop over epochs and batches.
struct TrainingLoop {
    let configuration: Configuration
    let reporter: any Reporter
    let model: FusionModel
    let optimizer: any Optimizer
    let data: SplitData
    let keeper: any TrainingKeeper
    let device: Device
    var afterEpoch: ((Int) throws -> Void)?

    private var settings: TrainingSettings { configuration.training }
    private var batchesPerEpoch: Int { (data.train.samples.count + settings.batchSize - 1) / settings.batchSize }
    private var totalSteps: Int { batchesPerEpoch * settings.epochs }

    /// Trains until the epochs are used up or the metric stops improving; says whether it was the latter.
    func run(_ state: inout TrainingState) throws -> Bool {
        let objective = try Objective(model, data.train, settings, device: device)
        let isShared = model.modalities.count > 1
        var monitor = settings.monitor && isShared ? try BalanceMonitor(model, data) : nil
        if settings.monitor && isShared && monitor == nil {
            reporter.note("train or val has fewer than 10 labelled samples: how well each modality is learnt is not watched")
        }
        let modulation = settings.balance.method == .ogmGE ? GradientModulation(alpha: settings.balance.alpha) : nil
        let firstTarget = try modulation.map { _ in
            try LabelledValues(data.train.samples, model.targets[0], data.train.source).tensor().moved(to: device)
        }
        while state.epoch < settings.epochs {
            if isExhausted(state) { return true }
            let start = ContinuousClock.now
            var random = RandomSource(seed: state.random)
            let order = Array(data.train.samples.indices).shuffled(using: &random)
            let progress = reporter.begin("epoch \(state.epoch + 1)/\(settings.epochs)", total: order.count)
            var losses = LossMeans()
            for first in stride(from: 0, to: order.count, by: settings.batchSize) {
                let indices = Array(order[first..<min(first + settings.batchSize, order.count)])
                // Hide modalities at random, so that the model learns to do without any of them.
                let presence = indices.map { hide(data.train.presence[$0], &random) }
                let input = try data.train.input(indices, presence: presence, mode: .train)
                let output = try model(input, mode: .train)
                let rows = try Tensor(indices.map(Int64.init), shape: [indices.count]).moved(to: device)
                let (loss, parts) = try objective(output, rows, presence: input.presence, blending: state.blending?.weights)
                let value = try loss.item()
                guard value.isFinite else { throw diverged(value, state.step) }
                losses.add(value, try state.blending == nil ? [] : parts.map { try $0.item() }, count: indices.count)
                // Back, balance, clip, and step at the schedule's rate.
                try optimizer.clearGradients()
                try loss.backward()
                try monitor?.observeGradients()
                if let modulation, let firstTarget { try modulate(modulation, input, firstTarget.rows(rows)) }
                if settings.clip > 0 { try optimizer.clipGradients(to: settings.clip) }
                try optimizer.step(learningRate: learningRate(state.step))
                state.step += 1
                progress.advance(by: indices.count)
            }
            state.epoch += 1
            state.random = random.state
            try blend(&state, objective, losses)
            let balance = try monitor?.finishEpoch()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try keep(validate(state, trainLoss: losses.total, balance, seconds: seconds), &state)
            progress.finish(summary(state))
            if let monitor, let balance { warn(monitor.warnings(balance), &state) }
            try afterEpoch?(state.epoch)
        }
        return false
    }

    private func diverged(_ value: Double, _ step: Int) -> BraidError {
        BraidError(
            .badData,
            "the loss is \(value) at step \(step): lower training.learning_rate (\(settings.learningRate)), or look for broken samples with braid check"
        )
    }

    private func learningRate(_ step: Int) -> Double {
        settings.learningRate
            * settings.schedule.factor(step: step, of: totalSteps, warmup: Int(settings.warmup * Double(totalSteps)))
    }

    /// Drops each present modality with the configured chance; one always stays.
    private func hide(_ presence: [Bool], _ random: inout RandomSource) -> [Bool] {
        presence.hidden(chance: configuration.fusion.modalityDropout, &random)
    }

    private func modulate(_ modulation: GradientModulation, _ input: FusionInput, _ values: Tensor) throws {
        let factors = modulation.factors(try GradientModulation.scores(model, input, values))
        for (modality, factor) in zip(model.modalities, factors) {
            try modulation.apply(factor, to: model.ownParameters(of: modality))
        }
    }

    /// Estimates the weights of blended losses anew, every so many epochs.
    private func blend(_ state: inout TrainingState, _ objective: Objective, _ losses: LossMeans) throws {
        guard state.blending != nil, state.epoch.isMultiple(of: settings.balance.every) else { return }
        let val = try Objective(model, data.val, settings, device: device)
        var means = LossMeans()
        try withoutGradient {
            for first in stride(from: 0, to: data.val.samples.count, by: 512) {
                let indices = Array(first..<min(first + 512, data.val.samples.count))
                let rows = try Tensor(indices.map(Int64.init), shape: [indices.count]).moved(to: device)
                let input = try data.val.input(indices, mode: .evaluate)
                let parts = try val.parts(model(input), rows, input.presence, mode: .evaluate)
                means.add(0, try parts.map { try $0.item() }, count: indices.count)
            }
        }
        state.blending?.update(.init(train: losses.parts, val: means.parts))
    }

    private func validate(
        _ state: TrainingState, trainLoss: Double, _ balance: [Modality: ModalityBalance]?, seconds: Double
    ) throws -> EpochRecord {
        let predictions = try model.predict(data.val)
        return EpochRecord(
            epoch: state.epoch, step: state.step, trainLoss: trainLoss, learningRate: learningRate(state.step - 1),
            valLoss: predictions.loss,
            val: try predictions.scores(also: (settings.earlyStoppingHead, settings.earlyStoppingMetric)),
            balance: balance.map { Dictionary(uniqueKeysWithValues: $0.map { ($0.key.rawValue, $0.value) }) },
            blending: state.blending?.weights, seconds: seconds)
    }

    /// Writes the epoch down, and the checkpoints.
    private func keep(_ record: EpochRecord, _ state: inout TrainingState) throws {
        let metric = settings.earlyStoppingMetric
        let prefix = model.targets.count > 1 ? "\(settings.earlyStoppingHead)." : ""
        let value = metric == .loss ? record.valLoss : record.val[prefix + metric.name]
        let isBest: Bool
        switch (value, state.bestValue) {
        case (let value?, let best?): isBest = metric.isBetter(value, than: best)
        default: isBest = state.bestValue == nil
        }
        if isBest {
            state.bestEpoch = state.epoch
            state.bestValue = value
            try keeper.keepBest(model)
        }
        state.history.append(record)
        try keeper.keepEpoch(model, optimizer, state)
    }

    private func isExhausted(_ state: TrainingState) -> Bool {
        settings.patience > 0 && state.epoch - state.bestEpoch >= settings.patience
    }

    private func summary(_ state: TrainingState) -> String {
        guard let record = state.history.last else { return "" }
        let shown = ["accuracy", "macro_f1", "rmse", "r2"]
        let figures = record.val.sorted { $0.key < $1.key }.filter { figure in shown.contains { figure.key.hasSuffix($0) } }
            .map { "\($0.key.replacingOccurrences(of: "_f1", with: " F1")) \(String(format: "%.4f", $0.value))" }
        return String(format: "loss %.4f", record.trainLoss) + "  val \(figures.joined(separator: ", "))"
            + (state.bestEpoch == state.epoch ? "  best" : "")
    }

    /// Says once a modality what the monitor found, when it had the time of three epochs.
    private func warn(_ warnings: [(modality: Modality, text: String)], _ state: inout TrainingState) {
        guard state.epoch >= 3 else { return }
        for warning in warnings where !state.warned.contains(warning.modality) {
            state.warned.append(warning.modality)
            reporter.note(warning.text)
        }
    }
}

/// Running means of an epoch's losses.
private struct LossMeans {
    private var sum = 0.0
    private var partSums: [Double] = []
    private var count = 0

    mutating func add(_ value: Double, _ parts: [Double], count: Int) {
        sum += value * Double(count)
        if partSums.isEmpty { partSums = Array(repeating: 0, count: parts.count) }
        for (index, part) in parts.enumerated() { partSums[index] += part * Double(count) }
        self.count += count
    }

    var total: Double { sum / Double(max(1, count)) }
    var parts: [Double] { partSums.map { $0 / Double(max(1, count)) } }
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
