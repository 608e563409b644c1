import Braid
import Torch

/// Adds the mean squared length of the fused embedding to the loss: a training method in one file.
final class EmbeddingPenalty: TrainingPlugin {
    private let weight: Double
    private var sum = 0.0
    private var steps = 0

    init(weight: Double) { self.weight = weight }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        let penalty = try step.output.fused.power(2).sum([1]).mean()
        sum += try penalty.item()
        steps += 1
        return try loss + penalty.scaled(by: weight)
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        defer { (sum, steps) = (0, 0) }
        return PluginFindings(figures: ["embedding/squared_length": sum / Double(max(1, steps))])
    }

    static let kind = PluginKind(name: "embedding-penalty", paper: "docs/extending.md") { reader, _ in
        let weight = reader.double(
            "training.embedding_penalty", 0, 0...1000, "Weight of the fused embedding's squared length; 0: none.")
        guard weight > 0 else { return nil }
        return { _ in EmbeddingPenalty(weight: weight) }
    }
}
