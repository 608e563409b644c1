public import Torch

/// What of an encoder is trained.
public enum Trainable: Sendable, Equatable {
    /// Nothing: the encoder is frozen.
    case none
    /// The first so many blocks, counted from the input: surgical fine-tuning (Lee et al. 2022, arXiv:2210.11466).
    case first(Int)
    /// The last so many blocks, counted from the output.
    case last(Int)
    /// All of it.
    case all
    /// Biases alone: BitFit (Zaken et al. 2021, arXiv:2106.10199).
    case biases
    /// What normalizations scale and shift by (Frankle et al. 2020, arXiv:2003.00152).
    case norms
    /// Low-rank adapters beside layers that stay as they are; the layers by the ends of their names, or the architecture's own choice.
    case lora(LowRank, targets: [String])
    /// Vectors that scale what layers give: IA³ (Liu et al. 2022, arXiv:2205.05638).
    case ia3

    /// LoRA's rank where a configuration says nothing of the rest is all that `text` holds.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let count = parts.count == 2 ? Int(parts[1]).flatMap { (1...1_000_000).contains($0) ? $0 : nil } : nil
        switch (parts.first, count) {
        case ("first", let count?): self = .first(count)
        case ("last", let count?): self = .last(count)
        case ("lora", let rank?): self = .lora(LowRank(rank: rank), targets: [])
        default:
            guard let plain = Self.plain.first(where: { $0.text == text }) else { return nil }
            self = plain
        }
    }

    private static let plain: [Trainable] = [.none, .all, .biases, .norms, .ia3]
    static let expected = "none, last:N, first:N, all, bitfit, norm, lora:R or ia3"
    static let pattern = "^(none|all|bitfit|norm|ia3|(last|first|lora):[1-9][0-9]*)$"

    var text: String {
        switch self {
        case .none: "none"
        case .first(let count): "first:\(count)"
        case .last(let count): "last:\(count)"
        case .all: "all"
        case .biases: "bitfit"
        case .norms: "norm"
        case .lora(let rank, _): "lora:\(rank.rank)"
        case .ia3: "ia3"
        }
    }

    /// Whether adapters are trained, and every weight of the encoder itself stays.
    var isAdapter: Bool { lowRank != nil || self == .ia3 }

    var lowRank: LowRank? { if case .lora(let rank, _) = self { rank } else { nil } }

    /// Whether batch norms go by a batch's own statistics, and learn the running ones, where nothing is said.
    var trainsStatistics: Bool {
        switch self {
        case .first, .last, .all, .norms: true
        case .none, .biases, .lora, .ia3: false
        }
    }

    /// The peak learning rate where none is given. Little is trained at a high rate: what starts from nothing has a long way to go, and cannot
    /// spoil what was pretrained. Whole blocks of a Transformer want a lower rate than those of a convolutional network.
    func learningRate(_ modality: Modality) -> Double {
        switch self {
        case .biases, .norms, .lora, .ia3: 1e-3
        case .none, .first, .last, .all: modality.plain == .text ? 5e-5 : modality.plain == .tabular ? 1e-3 : 1e-4
        }
    }
}
