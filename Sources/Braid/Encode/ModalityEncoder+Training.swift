internal import Torch

extension ModalityEncoder {
    /// Leaves gradients on for what is trained, and off for all else.
    func freeze() throws {
        let count =
            switch trainable {
            case .first(let count), .last(let count): count
            default: 0
            }
        guard count <= encoder.blocks.count else {
            throw BraidError(
                .badConfiguration,
                "modalities.\(modality).train: \(trainable.text), but \(architecture) has \(encoder.blocks.count) blocks")
        }
        let trained = entries(of: trainable).filter { $0.kind == .parameter }
        guard isFrozen || !trained.isEmpty else {
            throw BraidError(
                .badConfiguration, "modalities.\(modality).train: \(trainable.text), of which \(architecture) has nothing")
        }
        for entry in trained { try entry.tensor.setRequiresGradient(true) }
    }

    /// The parameters that `trainable` trains, and, where batch norms learn statistics with it, all running ones.
    func entries(of trainable: Trainable) -> [ParameterStore.Entry] {
        guard trainable != .none else { return [] }
        let trainsStatistics = origin.configuration.trainsStatistics(trainable)
        let isTrained = test(trainable)
        return parameters.entries.filter { $0.kind == .buffer ? trainsStatistics : isTrained($0) }
    }

    /// Whether a parameter is among what is trained.
    private func test(_ trainable: Trainable) -> (ParameterStore.Entry) -> Bool {
        let within = { (blocks: [[String]]) in
            let prefixes = blocks.flatMap { $0 }
            return { (entry: ParameterStore.Entry) in prefixes.contains(where: entry.path.hasPrefix) }
        }
        return switch trainable {
        case .none: { _ in false }
        case .all: { _ in true }
        case .first(let count): within(Array(encoder.blocks.prefix(count)))
        case .last(let count): within(Array(encoder.blocks.suffix(count)))
        // BERT's first files call the bias of a norm beta.
        case .biases: { entry in [".bias", ".beta"].contains { ".\(entry.path)".hasSuffix($0) } }
        case .norms: { $0.role == .norm }
        case .lora, .ia3: { $0.role == .adapter }
        }
    }

    /// The peak learning rate: its own, the `shared` one of all encoders, or what suits what is trained.
    func learningRate(shared: Double?) -> Double {
        origin.configuration.tuning.learningRate ?? shared ?? trainable.learningRate(modality)
    }

    /// Makes adapters what they were when the encoder was built.
    func resetAdapters() throws {
        try withoutGradient { for first in firstAdapters { try first.tensor.copyInPlace(from: first.value) } }
    }
}

extension EncoderSettings {
    /// Whether batch norms learn statistics where `train` is trained of the encoder.
    func trainsStatistics(_ train: Trainable) -> Bool { tuning.batchNorm.map { $0 == .trained } ?? train.trainsStatistics }
}
