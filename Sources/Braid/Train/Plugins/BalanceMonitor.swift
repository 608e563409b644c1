internal import Foundation
internal import Torch

extension PluginKind {
    /// Watches whether every modality is learnt.
    public static let monitor = PluginKind(name: "monitor", paper: "docs/fusions.md") { reader, around in
        let isAsked = reader.bool(
            "training.monitor", true,
            "Whether each epoch records the gradient norm and a linear probe of each modality, and warns of one that is under-trained."
        )
        guard isAsked else { return nil }
        return { context in
            guard context.model.modalities.count > 1 else { return nil }
            let monitor = try BalanceMonitor(context.model, train: context.train, val: context.val)
            if monitor == nil {
                context.reporter.note(
                    "train or val has fewer than 10 labelled samples: how well each modality is learnt is not watched")
            }
            return monitor
        }
    }
}

/// How well one modality is learnt after an epoch.
struct ModalityBalance: Sendable, Equatable {
    /// The mean over the epoch's steps of the gradient's norm on what only this modality passes.
    let gradientNorm: Double
    /// What a linear probe makes of the modality's projection in the fusion, on the val split: accuracy, or R² for regression.
    let probe: Double
    /// The same of the encoder's own embeddings: what there is to learn.
    let encoderProbe: Double
    /// How many samples of the val split the probes were judged on.
    let samples: Int
}

/// Watches whether every modality is learnt: gradient norms, and linear probes before and after the fusion's projection.
final class BalanceMonitor: TrainingPlugin {
    private let model: FusionModel
    private let train: BatchSource
    private let val: BatchSource
    private let labels: (train: LabelledValues, val: LabelledValues)
    private let own: [Modality: [Tensor]]
    private var squares: [Modality: Double] = [:]
    private var steps = 0
    /// Modalities that a warning was given for.
    private var warned: [Modality] = []
    /// Of frozen encoders.
    private var encoderProbes: [Modality: Double] = [:]

    /// The most samples of a split that a probe sees.
    static let samples = 1000
    /// A modality is under-trained when its gradients are below this share of the largest, and there is something to learn.
    private static let share = 0.1
    /// How much a probe must be above chance, or lose to the projection, to count.
    private static let margin = 0.05

    /// - Returns: nil where there are too few labelled samples to tell anything.
    init?(_ model: FusionModel, train: BatchSource, val: BatchSource) throws {
        func part(_ dataset: BatchSource) throws -> BatchSource? {
            let labelled = dataset.samples.indices.filter { dataset.samples[$0].labels[model.targets[0].column] != nil }
            let step = max(1, labelled.count / Self.samples)
            let chosen = stride(from: 0, to: labelled.count, by: step).prefix(Self.samples).map { labelled[$0] }
            return chosen.count < 10 ? nil : try dataset.subset(chosen)
        }
        guard let train = try part(train), let val = try part(val) else { return nil }
        self.model = model
        self.train = train
        self.val = val
        labels = (
            try LabelledValues(train.samples, model.targets[0], train.name),
            try LabelledValues(val.samples, model.targets[0], val.name)
        )
        own = Dictionary(uniqueKeysWithValues: model.modalities.map { ($0, model.ownParameters(of: $0)) })
    }

    /// Takes the gradients that `backward` left.
    func afterBackward(_ step: TrainingStep) throws {
        steps += 1
        // The norms of all modalities in one go: a step on embeddings at hand is little more than its operators' calls.
        let gradients = try own.mapValues { tensors in try tensors.compactMap { try $0.gradient() } }.filter { !$0.value.isEmpty }
        guard !gradients.isEmpty else { return }
        let order = Array(gradients)
        let norms = try Tensor.stack(Tensor.norms(order.flatMap(\.value))).array(of: Float.self)
        var first = 0
        for (modality, tensors) in order {
            let sum = norms[first..<first + tensors.count].reduce(0.0) { $0 + Double($1) * Double($1) }
            squares[modality, default: 0] += sum.squareRoot()
            first += tensors.count
        }
    }

    /// What the epoch came to, and, once a modality, what is wrong with it, when it had the time of three epochs.
    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        let balance = try finishEpoch()
        var figures: [String: Double] = [:]
        for (modality, found) in balance {
            figures["gradient_norm/\(modality)"] = found.gradientNorm
            figures["probe/\(modality)"] = found.probe
            figures["encoder_probe/\(modality)"] = found.encoderProbe
        }
        let fresh = epoch < 3 ? [] : warnings(balance).filter { !warned.contains($0.modality) }
        warned += fresh.map(\.modality)
        return PluginFindings(figures: figures, notes: fresh.map(\.text))
    }

    private struct State: Codable {
        let warned: [Modality]
        /// Of the epoch so far.
        let squares: [String: Double]
        let steps: Int
    }

    func state() throws -> Data? {
        let squares = Dictionary(uniqueKeysWithValues: squares.map { ($0.key.stored, $0.value) })
        return try JSONEncoder().encode(State(warned: warned, squares: squares, steps: steps))
    }

    func restore(_ data: Data) throws {
        let state = try JSONDecoder().decode(State.self, from: data)
        (warned, steps) = (state.warned, state.steps)
        squares = Dictionary(
            state.squares.compactMap { name, value in Modality(stored: name).map { ($0, value) } }, uniquingKeysWith: { $1 })
    }

    /// What the epoch came to; the next one starts anew.
    private func finishEpoch() throws -> [Modality: ModalityBalance] {
        defer { (squares, steps) = ([:], 0) }
        let (before, after) = try withoutGradient { (try features(train), try features(val)) }
        var balance: [Modality: ModalityBalance] = [:]
        for (index, modality) in model.modalities.enumerated() {
            let rows = (train.presence.map { $0[index] }, val.presence.map { $0[index] })
            balance[modality] = ModalityBalance(
                gradientNorm: (squares[modality] ?? 0) / Double(max(1, steps)),
                probe: try LinearProbe.score(
                    before.projected[index], labels.train, after.projected[index], labels.val, rows: rows),
                encoderProbe: try known(modality) {
                    try LinearProbe.score(
                        before.embedded[index], labels.train, after.embedded[index], labels.val, rows: rows)
                },
                samples: rows.1.count { $0 })
        }
        return balance
    }

    /// What a probe of the encoder's embeddings makes: of a frozen encoder the same in every epoch, and asked for once.
    private func known(_ modality: Modality, _ score: () throws -> Double) throws -> Double {
        if let found = encoderProbes[modality] { return found }
        let found = try score()
        if model.encoders[modality]?.isFrozen == true { encoderProbes[modality] = found }
        return found
    }

    private struct Features {
        let embedded: [Tensor]
        let projected: [Tensor]
    }

    private func features(_ dataset: BatchSource) throws -> Features {
        var parts: [([Tensor], [Tensor])] = []
        try dataset.forEachBatch(256) { batch in
            let output = try model(batch)
            parts.append((output.input.parts.map(\.pooled), output.projections))
        }
        let columns = model.modalities.indices
        return Features(
            embedded: try columns.map { column in try .concatenate(parts.map { $0.0[column] }, 0) },
            projected: try columns.map { column in try .concatenate(parts.map { $0.1[column] }, 0) })
    }

    /// What a user should be told of an epoch, by modality.
    func warnings(_ balance: [Modality: ModalityBalance]) -> [(modality: Modality, text: String)] {
        guard let strongest = balance.max(by: { $0.value.gradientNorm < $1.value.gradientNorm }) else { return [] }
        let chance = LinearProbe.chance(labels.val)
        let percent = { (value: Double) in String(format: "%.1f %%", 100 * value) }
        return balance.sorted { $0.key < $1.key }.compactMap { modality, found in
            let share = found.gradientNorm / max(strongest.value.gradientNorm, 1e-12)
            // Five points, and two standard errors: one sample of eighteen says nothing.
            let p = min(1, max(0, found.encoderProbe))
            let margin = max(Self.margin, 2 * (2 * p * (1 - p) / Double(max(1, found.samples))).squareRoot())
            let isStarved = share < Self.share && found.encoderProbe > chance + margin
            let isLost = found.encoderProbe - found.probe > margin
            guard isStarved || isLost else { return nil }
            let reason =
                isStarved
                ? "its gradients are \(percent(share)) of \(strongest.key)'s, while a linear probe on its embeddings reaches \(percent(found.encoderProbe))"
                : "a linear probe reaches \(percent(found.encoderProbe)) on its embeddings, and \(percent(found.probe)) on what the fusion keeps of them"
            return (
                modality,
                "warning: \(modality) is under-trained: \(reason). Try training.balance.method: ogm-ge or gradient-blending, more fusion.modality_dropout, or more epochs."
            )
        }
    }
}
