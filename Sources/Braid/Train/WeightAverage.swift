internal import Torch

/// The exponential moving average of what is trained (EMA): after each step d of the average stays, and 1 - d of the weights comes in.
///
/// It begins with the weights before the first step. What is judged, and kept as the best, is the average; what goes on learning are the weights.
final class WeightAverage {
    private let entries: [ParameterStore.Entry]
    private let decay: Double
    /// The average; while `exchange` holds, the weights.
    private var shadows: [Tensor]

    init(_ entries: [ParameterStore.Entry], decay: Double) throws {
        (self.entries, self.decay) = (entries, decay)
        shadows = try entries.map { try $0.tensor.detached().cloned() }
    }

    /// Takes in the weights of a step. Counters are not averaged: they are the latest.
    func update() throws {
        try withoutGradient {
            for (entry, shadow) in zip(entries, shadows) {
                guard entry.tensor.dtype == .float32 else {
                    try shadow.copyInPlace(from: entry.tensor)
                    continue
                }
                try shadow.lerpInPlace(towards: entry.tensor, by: 1 - decay)
            }
        }
    }

    /// Runs `body` with the average in the model's place.
    func exchanged<Result>(_ body: () throws -> Result) throws -> Result {
        try exchange()
        do {
            let result = try body()
            try exchange()
            return result
        } catch {
            try exchange()
            throw error
        }
    }

    private func exchange() throws {
        try withoutGradient {
            for (index, entry) in entries.enumerated() {
                let weights = try entry.tensor.detached().cloned()
                try entry.tensor.copyInPlace(from: shadows[index])
                shadows[index] = weights
            }
        }
    }

    /// The average of each, as `ema.PATH`.
    func state() -> [(name: String, tensor: Tensor)] { zip(entries, shadows).map { ("ema.\($0.path)", $1) } }

    func restore(_ state: SafetensorsFile) throws {
        try withoutGradient {
            for (name, tensor) in self.state() { try state.copy(name, over: tensor) }
        }
    }
}
