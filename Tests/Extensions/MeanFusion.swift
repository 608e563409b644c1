import Braid
import Torch

/// The mean of the modalities' projections: a fusion in one file.
struct MeanFusion: Fusion {
    let dimension: Int
    private let entrance: ModalityEntrance
    private let scale: Double

    init(_ scope: Scope, _ modalities: [FusedModality], _ basics: FusionKind.Basics, scale: Double) throws {
        entrance = try ModalityEntrance(scope, modalities, basics.dimension)
        dimension = basics.dimension
        self.scale = scale
    }

    func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let (projected, parts) = try entrance(input)
        return Fused(embedding: try Tensor.stack(parts).mean([0]).scaled(by: scale), projections: projected)
    }

    static let kind = FusionKind(name: "mean", paper: "docs/extending.md") { reader, basics in
        let scale = reader.double("fusion.scale", 1, 0.01...100, "Factor on the mean.")
        return { try MeanFusion($0, $1, basics, scale: scale) }
    }
}
