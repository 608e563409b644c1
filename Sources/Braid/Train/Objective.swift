internal import Torch

/// What training makes small: the heads' losses, and what the configuration adds to them.
struct Objective {
    private let heads: [(loss: HeadLoss, weight: Double)]
    private let alignment: AlignmentSettings
    private let auxiliary: AuxiliaryHeads?

    init(_ model: FusionModel, _ data: Dataset, _ training: TrainingSettings, device: Device) throws {
        heads = try zip(model.settings.heads, model.targets).map { settings, target in
            (try HeadLoss(target, data.samples, source: data.source, device: device), settings.weight)
        }
        alignment = training.alignment
        auxiliary = model.auxiliary
    }

    /// The loss of the samples number `order`, and what it blends: the loss of the fused output, and then of each modality
    /// by itself where `blending` weighs them.
    func callAsFunction(
        _ output: FusionModel.Output, _ order: Tensor, presence: Tensor, blending: [Double]? = nil
    ) throws -> (loss: Tensor, parts: [Tensor]) {
        let parts = try parts(output, order, presence, mode: .train)
        var total = parts[0]
        if let blending { total = try zip(parts, blending).map { try $0.scaled(by: $1) }.reduce(nil, Self.sum) ?? total }
        for (index, logits) in output.unimodal.enumerated() {
            total = try total + loss(logits, order, counted: Self.column(index, presence))
        }
        if alignment.weight > 0, let drawn = try aligned(output.projections, presence) {
            total = try total + drawn.scaled(by: alignment.weight)
        }
        return (total, parts)
    }

    /// The loss of the fused output, and then of each modality by itself where there are heads for it.
    func parts(_ output: FusionModel.Output, _ order: Tensor, _ presence: Tensor, mode: Mode) throws -> [Tensor] {
        let alone = try auxiliary?(output.projections, mode: mode) ?? []
        return try [loss(output.logits, order)]
            + alone.indices.map {
                try loss(alone[$0], order, counted: Self.column($0, presence))
            }
    }

    /// The heads' losses, each times its weight.
    func loss(_ logits: [Tensor], _ order: Tensor, counted: Tensor? = nil) throws -> Tensor {
        let losses = try zip(heads, logits).map { try $0.loss($1, order, counted: counted).scaled(by: $0.weight) }
        guard let sum = try losses.reduce(nil, Self.sum) else { throw BraidError(.internal, "a model without a head") }
        return sum
    }

    /// 1 where modality number `index` is visible, `[B]`.
    private static func column(_ index: Int, _ presence: Tensor) throws -> Tensor {
        try presence.select(1, index).converted(to: .float32)
    }

    private static func sum(_ left: Tensor?, _ right: Tensor) throws -> Tensor { try left.map { try $0 + right } ?? right }

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
                        projections[first].rows(order), projections[second].rows(order), temperature: alignment.temperature))
            }
        }
        return try losses.reduce(nil, Self.sum)?.scaled(by: 1 / Double(losses.count))
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
