internal import Synchronization
internal import Torch

/// An encoder whose frozen layers can compute in int8, each or not.
protocol Int8Encoder: Encoder {
    /// The numbers of layers that stay in float32; nil where the encoder does not compute in int8.
    var floatLayers: Set<Int>? { get }
    /// How many layers there are to choose from.
    var int8Layers: Int { get }
    /// Makes `layers` compute in float32, all others in int8. Not while another thread encodes.
    func keepInFloat(_ layers: Set<Int>)
}

/// The int8 forms of BERT's layers, made when they are first needed.
///
/// How inputs are scaled is found out on sequences of ids that are drawn from the vocabulary by fixed numbers: so an encoder is the same
/// wherever it is loaded, and needs nothing but its weights. Which inputs are large is a matter of the weights much more than of the text.
final class Int8Forms: Sendable {
    private struct Held {
        var layers: [Int8Layer] = []
        var float: Set<Int> = []
    }

    private let held = Mutex(Held())

    var floatLayers: Set<Int> { held.withLock { $0.float } }
    func keepInFloat(_ layers: Set<Int>) { held.withLock { $0.float = layers } }

    /// By layer, nil where it stays in float32.
    func layers(_ make: () throws -> [Int8Layer]) throws -> [Int8Layer?] {
        try held.withLock { held in
            if held.layers.isEmpty { held.layers = try make() }
            return held.layers.indices.map { held.float.contains($0) ? nil : held.layers[$0] }
        }
    }

    /// `count` sequences of `length` ids of a vocabulary: numbers of a linear congruential generator (Knuth's MMIX), the first sixteenth of the
    /// ids left out, where special and unused ones lie.
    static func ids(_ count: Int, _ length: Int, vocabulary: Int) -> [Int64] {
        var state: UInt64 = 1
        let first = vocabulary / 16
        return (0..<count * length).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(first + Int((state >> 33) % UInt64(max(1, vocabulary - first))))
        }
    }
}

extension Bert: Int8Encoder {
    var floatLayers: Set<Int>? { int8?.floatLayers }
    var int8Layers: Int { layers.count }
    func keepInFloat(_ layers: Set<Int>) { int8?.keepInFloat(layers) }

    /// Of sequences behind one another, `[N, D]` to `[N, D]`.
    func throughInt8(_ x: Tensor, _ forms: Int8Forms, _ real: TokenRuns, _ bias: Tensor?) throws -> Tensor {
        let made = try forms.layers(makeInt8)
        var state = Int8Layer.State(x)
        for (place, layer) in layers.enumerated() {
            if let form = made[place] {
                let next = place + 1 < made.count ? made[place + 1] : nil
                state = try form(state, lengths: real.lengths, bias: bias, next: next)
            } else {
                state = Int8Layer.State(try layer(state.values, .runs(real.runs), TokenRelations(bias: bias), mode: .evaluate))
            }
        }
        return state.values
    }

    private func makeInt8() throws -> [Int8Layer] {
        let length = min(32, longestText)
        let ids = try Tensor(Int8Forms.ids(16, length, vocabulary: words.weight.shape[0]), shape: [16, length])
        let bias = try relative?.bias(length)
        return try withoutGradient {
            var x = try projected(embedded(ids, places(ids)), .evaluate).reshaped([16 * length, tokenDimension])
            return try layers.map { try Int8Layer($0, watching: &x, length: length, bias: bias) }
        }
    }
}
