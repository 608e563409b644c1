internal import Foundation
internal import Torch

extension PluginKind {
    /// A loss between the train split and a target domain without labels.
    public static let adaptation = PluginKind(name: "adaptation", paper: "docs/transfer-adaptation.md") { _, around in
        guard let settings = around.adaptation, let make = settings.makeLoss else { return nil }
        let dropout = around.modalityDropout
        return { context in
            // A fusion is chosen, and a recipe cross-validated, on the source alone.
            guard let target = context.target else { return nil }
            return try DomainAdaptation(settings, make, context, target, modalityDropout: dropout)
        }
    }
}

/// Shows the model a batch of the target domain beside each batch of the train split, and adds what the method makes of both.
final class DomainAdaptation: TrainingPlugin {
    private let settings: AdaptationSettings
    private let context: TrainingContext
    private let target: BatchSource
    private let modalityDropout: Double
    /// One of the fused embedding, or one a modality.
    private let losses: [any AdaptationLoss]
    private let store: ParameterStore
    /// The numbers of the train split's samples, class by class.
    private let classes: [[Int]]
    /// 1 where a sample of the train split has the class, `[N, C]`; nil of heads without classes.
    private let labels: Tensor?
    private var deck: TargetDeck
    private var (sum, steps) = (0.0, 0)

    init(
        _ settings: AdaptationSettings, _ make: AdaptationKind.MakeLoss, _ context: TrainingContext, _ target: BatchSource,
        modalityDropout: Double
    ) throws {
        (self.settings, self.context, self.target, self.modalityDropout) = (settings, context, target, modalityDropout)
        let model = context.model
        store = ParameterStore(device: context.device)
        let place = Scope(store) / "adaptation"
        let outputs = model.targets[0].form == .classes ? model.targets[0].classes.count : model.targets[0].outputs
        losses =
            settings.embedding == .fused
            ? [try make(place / "fused", model.fusedDimension, outputs)]
            : try model.modalities.map { try make(place / $0.rawValue, model.settings.fusion.dimension, outputs) }
        let labels = try LabelledValues(context.train.samples, model.targets[0], context.train.name)
        let numbers = labels.indices.enumerated().map { (row: $0, label: labels.isKnown[$0] ? $1 : -1) }
        classes = Dictionary(grouping: numbers, by: \.label).sorted { $0.key < $1.key }.map { $0.value.map(\.row) }
        if model.targets[0].form == .classes {
            var flags = Array(repeating: Float(0), count: numbers.count * outputs)
            for (row, label) in numbers where label >= 0 { flags[row * outputs + label] = 1 }
            self.labels = try Tensor(flags, shape: [numbers.count, outputs]).moved(to: context.device)
        } else {
            self.labels = nil
        }
        deck = TargetDeck(count: target.samples.count, seed: UInt64(context.seed) ^ 0x7A26_E7D0)
    }

    var parameters: ParameterStore? { store.entries.isEmpty ? nil : store }

    /// Class by class in turn, those of few samples again and again.
    func order(seed: UInt64) -> [Int]? {
        guard settings.isBalanced else { return nil }
        return Self.balanced(classes, count: context.train.samples.count, seed: seed)
    }

    static func balanced(_ classes: [[Int]], count: Int, seed: UInt64) -> [Int] {
        var random = RandomSource(seed: seed ^ 0xBA1A_9CED)
        var decks = classes.map { $0.shuffled(using: &random) }
        var places = classes.map { _ in 0 }
        var order: [Int] = []
        while order.count < count {
            for number in classes.indices.shuffled(using: &random) {
                if places[number] == decks[number].count {
                    decks[number].shuffle(using: &random)
                    places[number] = 0
                }
                order.append(decks[number][places[number]])
                places[number] += 1
            }
        }
        return Array(order.prefix(count))
    }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        let (rows, presence) = deck.draw(step.batch.count, target.presence, hiding: modalityDropout)
        let batch = try target.batch(rows, presence: presence)
        let output = try context.model.trainingOutput(batch, context.precision)
        let strength = settings.ramp.strength(step.progress)
        let parts = try losses.indices.compactMap { index -> Tensor? in
            guard let source = try part(index, step.batch, step.output, labelled: true),
                let other = try part(index, batch, output, labelled: false)
            else { return nil }
            return try losses[index](source, other, strength: strength)
        }
        guard let added = try Objective.sum(parts)?.scaled(by: 1 / Double(parts.count)) else { return loss }
        sum += try added.item()
        steps += 1
        return try loss + added.scaled(by: settings.weight)
    }

    /// What a loss compares of a batch; nil where too few of its samples have the modality.
    private func part(_ index: Int, _ batch: Batch, _ output: FusionModel.Output, labelled: Bool) throws -> DomainBatch? {
        let logits = try context.model.targets[0].classLogits(output.logits[0])
        let known = labelled ? try labels?.rows(batch.rows.moved(to: context.device)) : nil
        let given = try known.map { try batch.mixing?($0) ?? $0 }
        guard settings.embedding == .modalities else { return DomainBatch(features: output.fused, logits: logits, labels: given) }
        let flags = try batch.presence.select(1, index).converted(to: .uint8).moved(to: .cpu).array(of: UInt8.self)
        let visible = flags.indices.filter { flags[$0] != 0 }
        guard visible.count > 1 else { return nil }
        return DomainBatch(
            features: try output.projections[index].picking(visible), logits: try logits.picking(visible),
            labels: try given?.picking(visible))
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        defer { (sum, steps) = (0, 0) }
        return PluginFindings(figures: ["adaptation/\(settings.kind.name)": sum / Double(max(1, steps))])
    }

    private struct State: Codable {
        let deck: TargetDeck
        let sum: Double
        let steps: Int
    }

    func state() throws -> Data? { try JSONEncoder().encode(State(deck: deck, sum: sum, steps: steps)) }

    func restore(_ data: Data) throws {
        let state = try JSONDecoder().decode(State.self, from: data)
        (deck, sum, steps) = (state.deck, state.sum, state.steps)
    }
}

/// Deals the target's samples in an order of its own, all of them before any comes again; what it needs to go on is in it.
struct TargetDeck: Codable {
    private let count: Int
    private var random: UInt64
    private var cards: [Int] = []

    init(count: Int, seed: UInt64) { (self.count, random) = (count, seed) }

    /// As many samples' numbers as asked for, and what is seen of each: at random less than there is, as in the train split's batches.
    mutating func draw(_ wanted: Int, _ presence: [[Bool]], hiding chance: Double) -> (rows: [Int], presence: [[Bool]]) {
        var source = RandomSource(seed: random)
        var drawn: [Int] = []
        while drawn.count < wanted {
            if cards.isEmpty { cards = Array(0..<count).shuffled(using: &source) }
            let taken = min(wanted - drawn.count, cards.count)
            drawn += cards.suffix(taken)
            cards.removeLast(taken)
        }
        let seen = drawn.map { presence[$0].hidden(chance: chance, &source) }
        random = source.state
        return (drawn, seen)
    }
}

extension Target {
    /// Logits a class, `[B, K]`, of a head with classes, whose softmax is its answers; of other heads its logits as they are.
    func classLogits(_ logits: Tensor) throws -> Tensor {
        guard form == .classes, logits.shape[1] != classes.count else { return logits }
        return try task.answers(logits, scale).clamped(atLeast: 1e-12).log()
    }
}
