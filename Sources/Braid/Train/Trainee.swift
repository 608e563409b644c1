internal import Foundation
internal import Torch

/// All that a training changes: the model, and what its plugins have of their own.
struct Trainee {
    let model: FusionModel
    let plugins: TrainingPlugins
    /// How much of each encoder any phase trains: what checkpoints keep, so that they fit every phase.
    let everTrained: [Modality: Trainable]
    /// The average of the weights, where one is asked for.
    let average: WeightAverage?

    /// - Parameter decay: How much of the average stays at each step; 0: there is none.
    init(model: FusionModel, plugins: TrainingPlugins, everTrained: [Modality: Trainable], averaging decay: Double = 0) throws {
        (self.model, self.plugins, self.everTrained) = (model, plugins, everTrained)
        // What this phase trains; plugins' own parameters are of no use behind the training.
        average = decay > 0 ? try WeightAverage(model.trainedEntries, decay: decay) : nil
    }

    /// By path: fusion, heads, plugins, and of each encoder what any phase trains, running statistics included. Of one that was random from
    /// the start it is everything, for that is nowhere else.
    var entries: [ParameterStore.Entry] {
        let random = model.encoders.filter { $0.value.weights == nil }.mapValues { _ in Trainable.all }
        return model.entries(training: everTrained.merging(random) { $1 }) + plugins.entries
    }

    /// Takes over what an earlier phase has trained, and encoders that were random from the start.
    func take(from earlier: Trainee) throws {
        let values = Dictionary(uniqueKeysWithValues: earlier.entries.map { ($0.path, $0.tensor) })
        try withoutGradient {
            for entry in entries { if let value = values[entry.path] { try entry.tensor.copyInPlace(from: value) } }
        }
        try plugins.restore(earlier.plugins.states())
    }

    /// Runs `body` with the averaged weights, where there are any.
    func averaged<Result>(_ body: () throws -> Result) throws -> Result { try average?.exchanged(body) ?? body() }

    /// What the optimizer is given: encoders at a rate of their own, and no decay of vectors and trained tokens.
    ///
    /// - Parameter phase: Which may have rates of its own.
    func groups(_ settings: TrainingSettings, in phase: TrainingPhase? = nil) throws -> [ParameterGroup] {
        let parameters = (model.trainedEntries + plugins.entries).filter { $0.kind == .parameter }
        for entry in parameters { try entry.tensor.setRequiresGradient(true) }
        let others = parameters.filter { !$0.path.hasPrefix("encoders.") }
        return ([("fusion and heads", 1, others)] + encoderParts(parameters, settings, phase)).flatMap { name, scale, members in
            [true, false].compactMap { decays -> ParameterGroup? in
                let chosen = members.filter { $0.decays == decays }
                guard !chosen.isEmpty else { return nil }
                return ParameterGroup(
                    decays ? name : "\(name), without decay", chosen.map { TrainedParameter(path: $0.path, tensor: $0.tensor) },
                    learningRateScale: scale, weightDecay: decays ? settings.weightDecay : 0)
            }
        }
    }

    /// The encoders' parameters, by their rate; with a decay by layers those of each distance from the output by themselves.
    private func encoderParts(
        _ parameters: [ParameterStore.Entry], _ settings: TrainingSettings, _ phase: TrainingPhase?
    ) -> [(name: String, scale: Double, members: [ParameterStore.Entry])] {
        let rates = model.encoders.filter { !$0.value.isFrozen }
            .mapValues { phase?.encoderLearningRate ?? $0.learningRate(shared: settings.encoderLearningRate) }
        return Set(rates.values).sorted().flatMap { rate in
            let modalities = rates.filter { $0.value == rate }.keys.sorted()
            let name =
                modalities.count == rates.count ? "encoders" : "encoders of \(modalities.map(\.rawValue).joined(separator: ", "))"
            let own = parameters.filter { entry in modalities.contains { entry.path.hasPrefix("encoders.\($0).") } }
            let scale = rate / (phase?.learningRate ?? settings.learningRate)
            guard settings.layerDecay < 1 else { return [(name, scale, own)] }
            return Dictionary(grouping: own) { model.depth(of: $0.path) }.sorted { $0.key < $1.key }.map { depth, members in
                ("\(name), block \(depth) from the end", scale * pow(settings.layerDecay, Double(depth)), members)
            }
        }
    }

    func optimizer(_ settings: TrainingSettings, in phase: TrainingPhase? = nil) throws -> any Optimizer {
        try Self.optimizer(settings, groups(settings, in: phase))
    }

    static func optimizer(_ settings: TrainingSettings, _ groups: [ParameterGroup]) throws -> any Optimizer {
        switch settings.optimizer {
        case .adamw: return try AdamW(groups)
        case .sgd: return try SGD(groups, momentum: settings.momentum)
        case .lion: return try Lion(groups)
        case .lamb: return try LAMB(groups)
        }
    }
}
