// Lee 2013, "Pseudo-Label", ICML workshop; Zou et al. 2018, "Class-Balanced Self-Training", arXiv:1810.07911.
internal import Torch

/// Learns from the target's rows too, with the labels that the model itself gives to those that it is surest of: class by class alike, and round by
/// round more of them.
struct SelfTraining: DataAdaptation {
    /// What the source's embeddings are made like before anything is labelled.
    enum Beginning: String, CaseIterable, Sendable {
        case none, standardise, recolour

        fileprivate var alignment: AlignedEmbeddings? {
            switch self {
            case .none: nil
            case .standardise: AlignedEmbeddings(spread: .deviations)
            case .recolour: AlignedEmbeddings(spread: .covariance(shrinkage: 0.1))
            }
        }
    }

    let beginning: Beginning
    /// How many times a model labels the target.
    let rounds: Int

    func callAsFunction(_ data: SplitData, fit: (SplitData) throws -> FusionModel) throws -> SplitData {
        guard let target = data.target else { throw BraidError(.internal, "there is no target to adapt to") }
        let begun = try beginning.alignment?(data, fit: fit) ?? data
        var current = begun
        for round in 1...rounds {
            let model = try fit(current)
            let head = try model.predict(target).primary
            let chosen = Self.chosen(head.values, share: Double(round) / Double(rounds))
            guard !chosen.isEmpty else { return begun }
            // Both domains count alike, however many rows each has.
            let weight = data.train.samples.reduce(0) { $0 + $1.weight } / Double(chosen.count)
            let samples = chosen.map { row in
                let sample = target.samples[row.number]
                return Sample(
                    id: "target:\(sample.id)", line: sample.line, split: .train, group: sample.group.map { "target:\($0)" },
                    media: sample.media, labels: [head.target.column: head.target.classes[row.label]], weight: weight)
            }
            current = try begun.learningAlso(from: target.subset(chosen.map(\.number)).naming(samples))
        }
        return current
    }

    /// Of each class, the rows that it is given to most surely, so many that they are a share of all it is given to.
    static func chosen(_ probabilities: [[Float]], share: Double) -> [(number: Int, label: Int)] {
        let rows = probabilities.enumerated().map { (number: $0, label: $1.likeliest, sure: $1.max() ?? 0) }
        let classes = Dictionary(grouping: rows, by: \.label)
        let kept = classes.values.flatMap { members in
            members.sorted { ($0.sure, $1.number) > ($1.sure, $0.number) }
                .prefix(Int((share * Double(members.count)).rounded(.up)))
        }
        return kept.sorted { $0.number < $1.number }.map { ($0.number, $0.label) }
    }
}

extension AdaptationKind {
    /// The model's own labels of the target.
    static let selfTraining = AdaptationKind(
        "self-training", paper: "Zou et al. 2018, arXiv:1810.07911", needsClasses: true,
        .data { reader in
            SelfTraining(
                beginning: reader.choice(
                    "training.adaptation.begin", .standardise,
                    "What the source's embeddings are made like before self-training labels the target."),
                rounds: reader.int(
                    "training.adaptation.rounds", 5, 1...100,
                    "How many times self-training labels the target anew, each time more of it."))
        })
}
