internal import Synchronization

/// Rotary embeddings of one base, computed for as many positions as were needed so far.
public final class RotaryTable: Sendable {
    private let size: Int
    private let base: Double
    private let known = Mutex<(length: Int, rotary: RotaryEmbedding)?>(nil)

    /// - Parameters:
    ///   - size: How many values of each head are turned; even.
    ///   - base: What the slowest angle's wave is as long as.
    public init(size: Int, base: Double) { (self.size, self.base) = (size, base) }

    /// What turns sequences of up to `length` tokens.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func callAsFunction(_ length: Int) throws(TorchError) -> RotaryEmbedding {
        try known.withLock { known throws(TorchError) in
            if let known, known.length >= length { return known.rotary }
            // Twice as many each time, so that texts that grow longer and longer cost little.
            let length = max(length, 2 * (known?.length ?? 32))
            let rotary = try RotaryEmbedding(length: length, size: size, base: base)
            known = (length, rotary)
            return rotary
        }
    }
}
