internal import Foundation
internal import Torch

/// Makes an ensemble: each member as if it were alone, then what each counts.
struct EnsembleTraining {
    /// Its fusion is an ensemble.
    let configuration: Configuration
    let device: Device

    /// A member, made.
    private struct Made: Sendable {
        /// By path, as in a model of its own.
        let entries: [String: Tensor]
        /// By head, with all modalities.
        let temperatures: [Double]
        /// Calibrated logits a head of the val rows, by a model that has not learnt from them.
        let val: [Tensor]
    }

    /// Makes the members, several at a time, and puts them into `model`.
    ///
    /// - Returns: What the val split says of the ensemble before any member has learnt from it.
    func callAsFunction(_ model: FusionModel, _ data: SplitData) throws -> (record: EpochRecord, predictions: Predictions) {
        guard let ensemble = model.fusion as? EnsembleFusion else {
            throw BraidError(.internal, "fusion.type: \(configuration.fusion.kind.name) is no ensemble")
        }
        let started = ContinuousClock.now
        let members = ensemble.settings
        let (encoders, targets) = (Array(model.encoders.values), model.targets)
        // Members only read what is embedded.
        nonisolated(unsafe) let data = data
        let made = try SideBySide(on: device)(members.kinds.count) { number in
            // One that is named before has another seed.
            let earlier = members.kinds[..<number].count { $0 == members.kinds[number] }
            return try make(members.kinds[number], seedOffset: earlier, targets, encoders, data)
        }
        let selection = EnsembleSelection(
            logits: made.map(\.val), targets: model.targets, headWeights: configuration.heads.map(\.weight),
            labels: try model.targets.map { try LabelledValues(data.val.samples, $0, data.val.name) })
        let weights = try members.weights ?? selection.weights(on: Array(data.val.samples.indices))
        try ensemble.adopt(made.map { ($0.entries, $0.temperatures) }, weights: weights, model.parameters)
        let losses = try selection.losses(weights).compactMap { $0 }
        let shares = zip(members.kinds, weights).enumerated().map { ("vote/\($0 + 1).\($1.0.name)", $1.1) }
        let judged = Predictions(
            samples: data.val.samples,
            heads: try model.targets.indices.map { head in
                let shares = try Tensor(weights.map(Float.init), shape: [weights.count])
                let logits = try withoutGradient {
                    try EnsembleFusion.averaged(made.map { $0.val[head] }, shares, model.targets[head])
                }
                return try HeadPredictions(
                    logits: logits, model.targets[head], samples: data.val.samples, source: data.val.name)
            }, loss: losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count))
        let record = EpochRecord(
            epoch: 1, step: 0, trainLoss: judged.loss ?? .nan, learningRate: 0, valLoss: judged.loss, val: try judged.scores(),
            figures: Dictionary(uniqueKeysWithValues: shares), seconds: (ContinuousClock.now - started) / .seconds(1))
        return (record, judged)
    }

    private func make(
        _ kind: FusionKind, seedOffset: Int, _ targets: [Target], _ encoders: [ModalityEncoder], _ data: SplitData
    ) throws -> Made {
        let seed = configuration.training.seed + seedOffset
        let member = try configuration.with(kind).silent(seed: seed)
        return try Generator.own(seed: UInt64(seed), on: device) {
            let model = try member.model(encoders, targets, manifestSHA256: "", device: device)
            let plain = kind.isFitted ? try member.with(["training.refit": "false"]) : member
            let training = try SilentTraining(plain, model, data, device: device)
            let temperatures = targets.map { model.calibration.temperature(head: $0.name, model.modalities) }
            let logits = try model.logits(data.val, presence: data.val.presence)
            let val = try zip(logits, temperatures).map { try $0.scaled(by: 1 / $1).moved(to: .cpu) }
            var last = model
            if configuration.training.refit {
                last = try member.model(encoders, targets, manifestSHA256: "", device: device)
                try training.again(member, last, data, device: device)
            }
            let entries = last.parameters.entries.map { ($0.path, $0.tensor) }
            return Made(entries: Dictionary(uniqueKeysWithValues: entries), temperatures: temperatures, val: val)
        }
    }
}
