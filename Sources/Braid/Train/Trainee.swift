internal import Torch

/// All that a training changes: the model, and what its plugins have of their own.
struct Trainee {
    let model: FusionModel
    let plugins: TrainingPlugins
    /// How much of each encoder any phase trains: what checkpoints keep, so that they fit every phase.
    let everTrained: [Modality: Trainable]

    /// By path: fusion, heads, plugins, and of each encoder what any phase trains, running statistics included.
    var entries: [ParameterStore.Entry] { model.entries(training: everTrained) + plugins.entries }

    /// Takes over what an earlier phase has trained, and encoders that were random from the start.
    func take(from earlier: Trainee) throws {
        let values = Dictionary(uniqueKeysWithValues: earlier.allEntries.map { ($0.path, $0.tensor) })
        try withoutGradient {
            for entry in allEntries { if let value = values[entry.path] { try entry.tensor.copyInPlace(from: value) } }
        }
        try plugins.restore(earlier.plugins.states())
    }

    private var allEntries: [ParameterStore.Entry] {
        let random = model.encoders.filter { $0.value.weights == nil }.mapValues { _ in Trainable.all }
        return model.entries(training: everTrained.merging(random) { $1 }) + plugins.entries
    }

    /// What the optimizer is given: encoders at a rate of their own, and no decay of vectors and trained tokens.
    func groups(_ settings: TrainingSettings) throws -> [ParameterGroup] {
        let parameters = (model.trainedEntries + plugins.entries).filter { $0.kind == .parameter }
        for entry in parameters { try entry.tensor.setRequiresGradient(true) }
        let scale = settings.encoderLearningRate / settings.learningRate
        let places = [("fusion and heads", 1.0, false), ("encoders", scale, true)]
        return places.flatMap { name, scale, isEncoder in
            [true, false].compactMap { decays -> ParameterGroup? in
                let chosen = parameters.filter { $0.path.hasPrefix("encoders.") == isEncoder && $0.decays == decays }
                guard !chosen.isEmpty else { return nil }
                return ParameterGroup(
                    decays ? name : "\(name), without decay", chosen.map { TrainedParameter(path: $0.path, tensor: $0.tensor) },
                    learningRateScale: scale, weightDecay: decays ? settings.weightDecay : 0)
            }
        }
    }

    func optimizer(_ settings: TrainingSettings) throws -> any Optimizer {
        let groups = try groups(settings)
        switch settings.optimizer {
        case .adamw: return try AdamW(groups)
        case .sgd: return try SGD(groups, momentum: settings.momentum)
        }
    }
}
