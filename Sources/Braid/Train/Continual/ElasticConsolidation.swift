internal import Foundation
internal import Torch

extension ContinualKind {
    /// A spring on each value, as stiff as the value mattered to earlier stages.
    static let ewc = ContinualKind(
        name: "ewc", paper: "Kirkpatrick et al. 2017, arXiv:1612.00796", files: [ElasticConsolidation.fileName]
    ) { reader, _ in
        let section = "training.continual."
        let weight = reader.double(
            section + "lambda", 100, 0.0001...1e9,
            "λ: half of it is the weight of the squared distance from earlier values, each times its Fisher information.")
        let samples = reader.int(
            section + "fisher_samples", 1000, 1...10_000_000,
            "How many rows of the train split the Fisher information is a mean over, drawn by the seed; all where there are fewer.")
        let isOnline = reader.bool(
            section + "online", false,
            "Whether earlier stages share one penalty, around the latest values (online EWC); else each has one of its own.")
        let decay = reader.acting(isOnline, else: "acts only with training.continual.online: true") {
            $0.double(section + "decay", 1, 0...1, "How much of the Fisher information of earlier stages stays at each stage.")
        }
        return { try ElasticConsolidation($0, weight: weight, samples: samples, decay: isOnline ? decay : nil) }
    }
}

/// Elastic weight consolidation: what mattered to earlier stages is held where they left it.
final class ElasticConsolidation: TrainingPlugin {
    /// One parameter of an earlier stage.
    struct Spring {
        /// The Fisher information, of the parameter's shape.
        let stiffness: Tensor
        /// Where the stage left it.
        let anchor: Tensor
    }

    private let context: TrainingContext
    private let weight: Double
    private let samples: Int
    /// How much of earlier Fisher information stays where stages share one penalty; nil: each has its own.
    private let decay: Double?
    /// A stage each, by path.
    private let earlier: [[String: Spring]]
    /// Those that act: of what is trained now.
    private var acting: [(tensor: Tensor, spring: Spring)] = []
    private var (sum, steps) = (0.0, 0)

    static let fileName = "fisher.safetensors"

    init(_ context: TrainingContext, weight: Double, samples: Int, decay: Double?) throws {
        (self.context, self.weight, self.samples, self.decay) = (context, weight, samples, decay)
        earlier = try Self.read(context)
        for stage in earlier {
            for entry in context.model.trainedEntries where entry.kind == .parameter {
                guard let spring = stage[entry.path] else { continue }
                acting.append((entry.tensor, try spring.grown(to: entry.tensor, path: entry.path)))
            }
        }
        if !earlier.isEmpty { context.reporter.note("ewc: springs of \(counted(earlier.count, "earlier stage"))") }
    }

    func loss(_ loss: Tensor, _ step: TrainingStep) throws -> Tensor {
        guard let penalty = try Self.penalty(acting, weight: weight) else { return loss }
        sum += try penalty.item()
        steps += 1
        return try loss + penalty
    }

    /// λ/2 times the sum of Fisher information × squared distance; nil where there is nothing to hold.
    static func penalty(_ springs: [(tensor: Tensor, spring: Spring)], weight: Double) throws -> Tensor? {
        let parts = try springs.map { try (($0.tensor - $0.spring.anchor).power(2) * $0.spring.stiffness).sum() }
        return try Objective.sum(parts)?.scaled(by: weight / 2)
    }

    func afterEpoch(_ epoch: Int) throws -> PluginFindings {
        defer { (sum, steps) = (0, 0) }
        return PluginFindings(figures: steps > 0 ? ["ewc/penalty": sum / Double(steps)] : [:])
    }

    func state() throws -> Data? { try JSONEncoder().encode(MethodState(sums: [sum], steps: steps)) }

    func restore(_ state: Data) throws {
        let state = try JSONDecoder().decode(MethodState.self, from: state)
        (sum, steps) = (state.sums.first ?? 0, state.steps)
    }

    var handsOn: Bool { true }

    func handOn(to folder: URL) throws {
        var random = RandomSource(seed: UInt64(context.seed) &+ UInt64(context.earlier?.nextStage ?? 1) << 32)
        let all = context.train.samples.count
        let rows = MemoryReplay.draw(min(samples, all), of: all, &random).sorted()
        let found =
            try context.train.isEncoded
            ? onOneThread { try FisherInformation.diagonal(context.model, context.train, rows: rows) }
            : FisherInformation.diagonal(context.model, context.train, rows: rows)
        let values = Dictionary(uniqueKeysWithValues: context.model.trainedEntries.map { ($0.path, $0.tensor) })
        var now: [String: Spring] = [:]
        for (path, stiffness) in found {
            guard let value = values[path] else { continue }
            now[path] = Spring(stiffness: stiffness, anchor: try value.detached().cloned())
        }
        try Self.write(combined(with: now), to: folder.appendingPathComponent(Self.fileName))
        context.reporter.note("Fisher information of \(counted(rows.count, "row")) kept for the next stage")
    }

    /// The stages as the next one finds them. What was trained earlier and is frozen now keeps its springs.
    private func combined(with now: [String: Spring]) throws -> [[String: Spring]] {
        guard let decay else { return earlier + [now] }
        var shared: [String: Spring] = [:]
        for stage in earlier { for (path, spring) in stage { shared[path] = try Self.sum(shared[path], spring) } }
        for (path, spring) in now {
            let before = try shared[path]?.grown(to: spring.anchor, path: path).scaled(by: decay)
            shared[path] = try Self.sum(before, spring)
        }
        return [shared]
    }

    /// Both stiffnesses around the later anchor.
    private static func sum(_ before: Spring?, _ spring: Spring) throws -> Spring {
        guard let before else { return spring }
        let grown = try before.grown(to: spring.anchor, path: "")
        return Spring(stiffness: try grown.stiffness + spring.stiffness, anchor: spring.anchor)
    }
}

extension ElasticConsolidation.Spring {
    /// As if the parameter had had its present rows: those of new classes are free.
    func grown(to tensor: Tensor, path: String) throws -> Self {
        guard anchor.shape != tensor.shape else { return self }
        guard let rows = tensor.shape.first, let before = anchor.shape.first, before < rows,
            anchor.shape.dropFirst() == tensor.shape.dropFirst()
        else {
            throw BraidError(.badData, "\(path): the Fisher information kept is \(anchor.shape), and the weight \(tensor.shape)")
        }
        // Padding counts from the last dimension.
        let padding = Array(repeating: 0, count: 2 * tensor.shape.count - 1) + [rows - before]
        return Self(stiffness: try stiffness.padded(padding), anchor: try anchor.padded(padding))
    }

    func scaled(by factor: Double) throws -> Self { Self(stiffness: try stiffness.scaled(by: factor), anchor: anchor) }
}

extension ElasticConsolidation {
    /// Writes the stages: `STAGE.fisher.PATH` and `STAGE.value.PATH`.
    private static func write(_ stages: [[String: Spring]], to url: URL) throws {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (number, stage) in stages.enumerated() {
            for (path, spring) in stage.sorted(by: { $0.key < $1.key }) {
                tensors.append(("\(number).fisher.\(path)", try spring.stiffness.moved(to: .cpu)))
                tensors.append(("\(number).value.\(path)", try spring.anchor.moved(to: .cpu)))
            }
        }
        try SafetensorsWriter.write(tensors, metadata: ["stages": "\(stages.count)"], to: url)
    }

    /// What earlier stages handed on; none where they did not.
    private static func read(_ context: TrainingContext) throws -> [[String: Spring]] {
        guard let folder = context.earlier?.handedOn(ContinualKind.handedOn) else { return [] }
        let url = folder.appendingPathComponent(fileName)
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        let file = try SafetensorsFile(url)
        guard let count = file.metadata["stages"].flatMap({ Int($0) }), (0...100_000).contains(count) else {
            throw BraidError(
                .badData, "\(url.path): is damaged, or not the Fisher information of a training by this version of Braid")
        }
        var stages = Array(repeating: [String: Spring](), count: count)
        for name in file.entries.keys {
            let parts = name.split(separator: ".", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[1] == "fisher", let stage = Int(parts[0]), stages.indices.contains(stage) else {
                continue
            }
            stages[stage][parts[2]] = Spring(
                stiffness: try file.tensor(name).moved(to: context.device),
                anchor: try file.tensor("\(stage).value.\(parts[2])").moved(to: context.device))
        }
        return stages
    }
}
