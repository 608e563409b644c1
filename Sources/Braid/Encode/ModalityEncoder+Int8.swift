internal import Foundation
internal import Torch

/// What computing in int8 costs an encoder, on samples it was tried with.
public struct Int8Record: Sendable, Codable, Equatable {
    /// How many samples it was tried with.
    public let samples: Int
    /// The mean cosine between their embeddings in int8 and in float32.
    public let meanCosine: Double
    /// The least.
    public let leastCosine: Double
    /// The numbers of layers, from 1, that stay in float32, because the mean would lie below 0.999 else.
    public let floatLayers: [Int]
    /// How many layers there are.
    public let layers: Int

    private enum CodingKeys: String, CodingKey {
        case samples, layers
        case meanCosine = "mean_cosine"
        case leastCosine = "least_cosine"
        case floatLayers = "float_layers"
    }

    /// A line for a person to read.
    var summary: String {
        let cosine = String(
            format: "cosine to fp32 %.6f in the mean, %.6f at least, over \(samples) samples", meanCosine, leastCosine)
        let kept =
            floatLayers.isEmpty
            ? "all \(layers) layers" : "layers \(floatLayers.map(String.init).joined(separator: ", ")) of \(layers) stay in fp32"
        return "int8, \(kept); \(cosine)"
    }
}

extension ModalityEncoder {
    /// The mean cosine that int8 must keep to float32.
    static let int8Cosine = 0.999
    /// How many samples it is tried with.
    static let int8Samples = 64

    /// Whether it computes in int8, and neither a training nor the folder of its weights has said yet which layers shall. Weights that are
    /// random on demand have no second copy to be compared with.
    var wantsInt8Trial: Bool {
        int8Record == nil && options.floatLayers == nil && weights != nil && (encoder as? any Int8Encoder)?.floatLayers != nil
    }

    /// Finds out what int8 costs on prepared samples, and which layers must stay in float32 for it to cost little. Nothing where
    /// that is known already.
    func tryInt8(_ prepared: [Tensor]) throws {
        guard wantsInt8Trial, !prepared.isEmpty, let layered = encoder as? any Int8Encoder else { return }
        let exact = try withoutGradient { try inFloat32().encode(prepared).pooled.normalized() }
        func cosines(_ kept: Set<Int>) throws -> (mean: Double, least: Double) {
            layered.keepInFloat(kept)
            return try withoutGradient {
                let products = try (encode(prepared).pooled.normalized() * exact).sum([1]).array()
                return (Double(products.reduce(0, +)) / Double(products.count), Double(products.min() ?? 0))
            }
        }
        var kept: Set<Int> = []
        var found = try cosines(kept)
        if !(found.mean >= Self.int8Cosine) {
            // Those that gain most, each by itself, are taken out first.
            let gains = try (0..<layered.int8Layers).map { ($0, try cosines([$0]).mean) }
            for (layer, _) in gains.sorted(by: { $0.1 > $1.1 }) where !(found.mean >= Self.int8Cosine) {
                kept.insert(layer)
                found = try cosines(kept)
            }
        }
        layered.keepInFloat(kept)
        noteInt8(
            Int8Record(
                samples: prepared.count, meanCosine: found.mean, leastCosine: found.least,
                floatLayers: kept.sorted().map { $0 + 1 },
                layers: layered.int8Layers))
    }

    /// Which layers compute in float32, as embeddings depend on it; nil where the encoder does not compute in int8.
    var int8Identity: String? {
        guard let kept = (encoder as? any Int8Encoder)?.floatLayers else { return nil }
        return "int8 without \(kept.sorted())"
    }
}
