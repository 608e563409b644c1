internal import Torch

extension PluginKind {
    /// A contrastive loss between modalities.
    public static let alignment = PluginKind(name: "alignment", paper: "Radford et al. 2021, arXiv:2103.00020") { reader, around in
        let (weight, temperature) = ("training.alignment.weight", "training.alignment.temperature")
        let strength = reader.double(
            weight, 0, 0...1000,
            "Weight of a contrastive loss that draws a sample's modalities together, as CLIP's; 0: none.",
            records: around.modalities > 1)
        let softness = reader.double(
            temperature, 0.07, 0.001...100, "Temperature of the contrastive loss.", records: strength > 0)
        reader.refuse(weight, unless: around.modalities != 1 || strength == 0, "acts only with two modalities or more")
        reader.refuse(temperature, unless: strength > 0, "acts only with training.alignment.weight above 0")
        guard strength > 0 else { return nil }
        return { _ in Alignment(weight: strength, temperature: softness) }
    }
}

/// Draws the projections of a sample's modalities together, and those of different samples apart.
final class Alignment: TrainingPlugin {
    private let weight: Double
    private let temperature: Double

    init(weight: Double, temperature: Double) { (self.weight, self.temperature) = (weight, temperature) }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        guard let drawn = try aligned(step.output.projections, step.batch.presence) else { return loss }
        return try loss + drawn.scaled(by: weight)
    }

    /// The mean over pairs of modalities of the contrastive loss of the samples that have both; nil where no two have.
    private func aligned(_ projections: [Tensor], _ presence: Tensor) throws -> Tensor? {
        let flags = try presence.converted(to: .uint8).array(of: UInt8.self)
        let (rows, columns) = (presence.shape[0], presence.shape[1])
        var losses: [Tensor] = []
        for first in 0..<columns {
            for second in (first + 1)..<max(columns, first + 1) {
                let both = (0..<rows).filter { flags[$0 * columns + first] != 0 && flags[$0 * columns + second] != 0 }
                guard both.count > 1 else { continue }
                let order = try Tensor(both.map(Int64.init), shape: [both.count]).moved(to: presence.device)
                losses.append(
                    try ContrastiveLoss.loss(
                        projections[first].rows(order), projections[second].rows(order), temperature: temperature))
            }
        }
        return try Objective.sum(losses)?.scaled(by: 1 / Double(losses.count))
    }
}

/// CLIP's loss (Radford et al. 2021, arXiv:2103.00020).
enum ContrastiveLoss {
    /// Of rows `[B, d]` that belong together, against all that do not: the mean of both directions' cross-entropies.
    static func loss(_ left: Tensor, _ right: Tensor, temperature: Double) throws -> Tensor {
        let similarity = try left.normalized().matmul(right.normalized().transposed(0, 1)).scaled(by: 1 / temperature)
        let diagonal = try Tensor.range(left.shape[0]).moved(to: left.device)
        return try (similarity.crossEntropy(diagonal) + similarity.transposed(0, 1).crossEntropy(diagonal)).scaled(by: 0.5)
    }
}
