internal import Foundation
internal import Torch

/// The loop over epochs and batches.
struct TrainingLoop {
    let configuration: Configuration
    let run: RunFolder
    let style: ProgressBar.Style
    let model: FusionModel
    let optimizer: any Optimizer
    let data: SplitData
    let afterEpoch: ((Int) throws -> Void)?

    private var settings: Configuration.Training { configuration.training }

    /// Trains until the epochs are used up or the metric stops improving; says whether it was the latter.
    func run(_ state: inout TrainingState) throws -> Bool {
        let targets = try Predictions.targets(data.train.samples, model.labels, data.train.source)
        let weights = sampleWeights(targets)
        let batches = (data.train.samples.count + settings.batchSize - 1) / settings.batchSize
        let events = try TensorBoardWriter(run.url)
        while state.epoch < settings.epochs {
            if isExhausted(state) { return true }
            let start = ContinuousClock.now
            var random = RandomSource(seed: state.random)
            let order = Array(data.train.samples.indices).shuffled(using: &random)
            let progress = ProgressBar("epoch \(state.epoch + 1)/\(settings.epochs)", total: order.count, style: style)
            var lossSum = 0.0
            for batch in 0..<batches {
                let indices = Array(order[batch * settings.batchSize..<min((batch + 1) * settings.batchSize, order.count)])
                lossSum +=
                    try step(indices, targets, weights, state.step, batches * settings.epochs, &random) * Double(indices.count)
                state.step += 1
                progress.advance(by: indices.count)
            }
            state.epoch += 1
            state.random = random.state
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let record = try validate(state, trainLoss: lossSum / Double(order.count), seconds: seconds)
            try keep(record, &state)
            try events.write(record)
            progress.finish(summary(record, isBest: state.bestEpoch == state.epoch))
            try afterEpoch?(state.epoch)
        }
        return false
    }

    /// One optimizer step; gives the loss before it.
    private func step(
        _ indices: [Int], _ targets: [Int], _ weights: [Float], _ step: Int, _ total: Int, _ random: inout RandomSource
    ) throws -> Double {
        // Hide modalities at random, so that the model learns to do without any of them.
        let presence = indices.map { hide(data.train.presence[$0], &random) }
        let output = try model(data.train.input(indices, presence: presence, mode: .train), mode: .train)
        // The weighted mean of the samples' losses.
        let device = output.logits.device
        let classes = try Tensor(indices.map { Int64(targets[$0]) }, shape: [indices.count]).moved(to: device)
        let rowWeights = try Tensor(indices.map { weights[$0] }, shape: [indices.count]).moved(to: device)
        let losses = try output.logits.crossEntropyPerRow(classes, labelSmoothing: settings.labelSmoothing)
        let loss = try (losses * rowWeights).sum() / rowWeights.sum().clamped(atLeast: 1e-12)
        let value = try loss.item()
        guard value.isFinite else {
            throw BraidError(
                .badData,
                "the loss is \(value) at step \(step): lower training.learning_rate (\(settings.learningRate)), or look for broken samples with braid check"
            )
        }
        // Back, clip, and step at the schedule's rate.
        try optimizer.clearGradients()
        try loss.backward()
        if settings.clip > 0 { try optimizer.clipGradients(to: settings.clip) }
        try optimizer.step(learningRate: learningRate(step, total))
        return value
    }

    private func learningRate(_ step: Int, _ total: Int) -> Double {
        settings.learningRate * settings.schedule.factor(step: step, of: total, warmup: Int(settings.warmup * Double(total)))
    }

    /// Drops each present modality with the configured chance; one always stays.
    private func hide(_ presence: [Bool], _ random: inout RandomSource) -> [Bool] {
        let chance = configuration.fusion.modalityDropout
        guard chance > 0 else { return presence }
        let kept = presence.map { $0 && Double.random(in: 0..<1, using: &random) >= chance }
        guard !kept.contains(true), let survivor = presence.indices.filter({ presence[$0] }).randomElement(using: &random) else {
            return kept
        }
        return kept.indices.map { $0 == survivor }
    }

    /// The manifest's weights, times the class's where classes are balanced.
    private func sampleWeights(_ targets: [Int]) -> [Float] {
        var perClass = [Double](repeating: 1, count: model.labels.count)
        if settings.classWeights == .balanced {
            let counts = Dictionary(targets.map { ($0, 1) }, uniquingKeysWith: +)
            for (label, count) in counts { perClass[label] = Double(targets.count) / Double(perClass.count * count) }
        }
        return zip(data.train.samples, targets).map { Float($0.weight * perClass[$1]) }
    }

    private func validate(_ state: TrainingState, trainLoss: Double, seconds: Double) throws -> EpochRecord {
        let predictions = try model.predict(data.val)
        let confusion = try predictions.confusion()
        let batches = (data.train.samples.count + settings.batchSize - 1) / settings.batchSize
        return EpochRecord(
            epoch: state.epoch, step: state.step, trainLoss: trainLoss,
            learningRate: learningRate(state.step - 1, batches * settings.epochs), valLoss: predictions.loss,
            valAccuracy: confusion.accuracy, valMacroF1: confusion.macro.f1, valWeightedF1: confusion.weighted.f1, seconds: seconds)
    }

    /// Writes the epoch down, and the checkpoints.
    private func keep(_ record: EpochRecord, _ state: inout TrainingState) throws {
        let metric = settings.earlyStoppingMetric
        let value = record.value(of: metric)
        let isBest: Bool
        switch (value, state.bestValue) {
        case (let value?, let best?): isBest = metric.isBetterWhenHigher ? value > best : value < best
        default: isBest = state.bestValue == nil
        }
        if isBest {
            state.bestEpoch = state.epoch
            state.bestValue = value
            try TrainingCheckpoint(folder: run.checkpoint("best")).writeWeights(model)
        }
        state.history.append(record)
        try run.writeMetrics(state.history)
        try TrainingCheckpoint(folder: run.checkpoint("last")).write(model, optimizer, state)
    }

    private func isExhausted(_ state: TrainingState) -> Bool {
        settings.patience > 0 && state.epoch - state.bestEpoch >= settings.patience
    }

    private func summary(_ record: EpochRecord, isBest: Bool) -> String {
        let accuracy = String(format: "%.4f", record.valAccuracy ?? 0)
        let f1 = String(format: "%.4f", record.valMacroF1 ?? 0)
        return String(format: "loss %.4f", record.trainLoss) + "  val accuracy \(accuracy), macro F1 \(f1)\(isBest ? "  best" : "")"
    }
}
