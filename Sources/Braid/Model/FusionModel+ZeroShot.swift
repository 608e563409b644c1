internal import Torch

extension FusionModel {
    /// Gives heads that begin with sentences of their classes the weights of the zero-shot classifier.
    ///
    /// - Throws: `BraidError` where the encoder shares no space with a text tower, or the words do not fit the classes.
    func beginWithSentences() throws {
        for (head, target) in zip(settings.heads, targets) {
            guard let sentences = head.sentences else { continue }
            let found = try target.logits(of: zeroShotClassifier(sentences, target))
            for (name, value) in [("weight", found.weight), ("bias", found.bias)] {
                let path = "head.\(head.name).output.\(name)"
                guard let entry = parameters.entries.first(where: { $0.path == path }), entry.tensor.shape == value.shape else {
                    throw BraidError(.internal, "\(path) is no place for a classifier of \(value.shape)")
                }
                try withoutGradient { try entry.tensor.copyInPlace(from: value) }
            }
        }
    }

    /// What sentences of a target's classes say of embeddings of length 1: `[K, D]` and `[K]`, whatever the head's logits.
    ///
    /// - Throws: `BraidError` as `beginWithSentences`.
    func zeroShotClassifier(_ sentences: ZeroShotSettings, _ target: Target) throws -> LinearSolution {
        guard modalities.count == 1, let encoder = encoders[modalities[0]] else {
            throw BraidError(.internal, "sentences for \(modalities.count) modalities")
        }
        let words = try sentences.words(for: target, in: encoder.origin.base)
        let space = try SharedSpace(beside: encoder, reporter: SilentReporter())
        guard space.judgesAlone || target.form != .flags else {
            throw BraidError(
                .badConfiguration,
                "\(sentences.section).init: \(encoder.architecture) only compares labels, and a multilabel head judges each by itself, as SigLIP does; take its weights, or leave it out"
            )
        }
        let found = try space.classifier(of: words.prompts(encoder.modality))
        return LinearSolution(weight: found.weight, bias: found.bias)
    }
}
