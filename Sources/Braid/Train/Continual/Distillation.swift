internal import Foundation
internal import Torch

extension ContinualKind {
    /// The earlier model as a teacher.
    static let lwf = ContinualKind(name: "lwf", paper: "Li and Hoiem 2016, arXiv:1606.09282") { reader, _ in
        let weight = reader.double(
            "training.continual.weight", 1, 0.0001...1000, "Weight of the distance to what the earlier model says of new samples.")
        let temperature = reader.double(
            "training.continual.temperature", 2, 0.1...100,
            "What logits of both models are divided by before they are compared.")
        return { context in
            guard let earlier = context.earlier else {
                context.reporter.note("lwf: the training begins anew, so that there is no earlier model to stay close to")
                return nil
            }
            let teacher = try earlier.load(device: context.device)
            return Distillation(teacher, context.model, weight: weight, temperature: temperature)
        }
    }
}

/// Learning without forgetting: on new samples the model shall still say of earlier classes what the earlier model says.
final class Distillation: TrainingPlugin {
    private let teacher: FusionModel
    private let model: FusionModel
    private let weight: Double
    private let temperature: Double
    private var (sum, steps) = (0.0, 0)

    init(_ teacher: FusionModel, _ model: FusionModel, weight: Double, temperature: Double) {
        (self.teacher, self.model, self.weight, self.temperature) = (teacher, model, weight, temperature)
    }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        let said = try withoutGradient { try teacher(step.batch).logits }
        let parts = try teacher.targets.enumerated().compactMap { place, earlier -> Tensor? in
            guard let head = model.targets.firstIndex(where: { $0.name == earlier.name }) else { return nil }
            return try Self.distance(step.output.logits[head], said[place], earlier, temperature: temperature)
                .scaled(by: model.settings.heads[head].weight)
        }
        guard let distance = try Objective.sum(parts) else { return loss }
        sum += try distance.item()
        steps += 1
        return try loss + distance.scaled(by: weight)
    }

    /// How far logits are from a teacher's, whose classes are the first of them: the mean over samples of the divergence between what both make
    /// of them at a temperature. Of classes that exclude each other that of one distribution; of flags and of two classes with one
    /// logit that of each; of numbers the squared difference.
    ///
    /// - Parameters:
    ///   - logits: `[B, C]`.
    ///   - said: The teacher's, `[B, K]`, K not above C.
    ///   - target: What the teacher predicts.
    static func distance(_ logits: Tensor, _ said: Tensor, _ target: Target, temperature: Double) throws -> Tensor {
        let own = try logits.slice(1, 0..<said.shape[1])
        guard target.form != .number else { return try own.squaredErrorPerElement(said).mean([1]).mean() }
        let (now, teacher) = (try own.scaled(by: 1 / temperature), try said.scaled(by: 1 / temperature))
        if target.form == .classes, target.outputs == target.classes.count {
            return try (teacher.softmax() * (teacher.logSoftmax() - now.logSoftmax())).sum([1]).mean()
        }
        let truth = try teacher.sigmoid()
        let surplus = try now.binaryCrossEntropyPerElement(truth) - teacher.binaryCrossEntropyPerElement(truth)
        return try surplus.sum([1]).mean()
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        defer { (sum, steps) = (0, 0) }
        return PluginFindings(figures: steps > 0 ? ["lwf/distance": sum / Double(steps)] : [:])
    }

    func state() throws -> Data? { try JSONEncoder().encode(MethodState(sums: [sum], steps: steps)) }

    func restore(_ state: Data) throws {
        let state = try JSONDecoder().decode(MethodState.self, from: state)
        (sum, steps) = (state.sums.first ?? 0, state.steps)
    }
}
