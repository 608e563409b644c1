public import Torch

/// How many frames of each recording in a padded batch are real, while a network halves them.
///
/// Padding is held at zero in front of each convolution, as the convolution's own edge is, so that a padded recording gives
/// what it gives alone.
public struct FrameLengths {
    /// How a layer of stride 2 rounds half of an odd length: `up` where it pads, `down` where it leaves the odd frame out.
    public enum Rounding: Sendable { case up, down }

    /// Int64 `[B]`; nil where every frame is real.
    private let lengths: Tensor?

    /// Counts the real frames of each recording.
    ///
    /// - Parameter mask: Bool `[B, T]`, true where a frame is real; nil where all are.
    /// - Throws: `TorchError` where the mask has another shape.
    public init(_ mask: Tensor?) throws {
        lengths = try mask?.converted(to: .int64).sum([1])
    }

    private init(lengths: Tensor?) { self.lengths = lengths }

    /// The lengths behind a layer of stride 2 in time.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func halved(_ rounding: Rounding) throws -> FrameLengths {
        guard let lengths else { return self }
        let extra = rounding == .up ? 1.0 : 0
        return FrameLengths(lengths: try lengths.adding(extra).converted(to: .float64).scaled(by: 0.5).converted(to: .int64))
    }

    /// Which frames are real, bool `[B, size]`; nil where all are.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    public func mask(_ size: Int) throws -> Tensor? {
        guard let lengths else { return nil }
        let places = try Tensor.range(size).moved(to: lengths.device).unsqueezed(0)
        return try (places - lengths.unsqueezed(1)).less(than: 0)
    }

    /// The map `x`, `[B, C, T, F]`, with zeros where time is padding.
    ///
    /// - Throws: `TorchError` where `x` has another shape.
    public func cleared(_ x: Tensor) throws -> Tensor {
        guard let mask = try mask(x.shape[2]) else { return x }
        return try x * mask.reshaped([-1, 1, x.shape[2], 1]).converted(to: x.dtype)
    }
}

extension Tensor {
    /// The mean of `[B, T, C]` over the positions T that `mask` keeps, `[B, C]`.
    ///
    /// - Parameter mask: Bool `[B, T]`; nil keeps all. A row of which it keeps none gives zeros.
    /// - Throws: `TorchError` where the shapes do not fit.
    public func mean(where mask: Tensor?) throws(TorchError) -> Tensor {
        guard let mask else { return try mean([1]) }
        let weights = try mask.unsqueezed(-1).converted(to: .float32)
        return try (self * weights).sum([1]) / weights.sum([1]).clamped(atLeast: 1e-9)
    }

    /// The maximum of `[B, T, C]` over the positions T that `mask` keeps, `[B, C]`.
    ///
    /// - Parameter mask: Bool `[B, T]`; nil keeps all.
    /// - Throws: `TorchError` where the shapes do not fit.
    public func maximum(where mask: Tensor?) throws(TorchError) -> Tensor {
        guard let mask else { return try maximum([1]) }
        let lowest = try Tensor.full([], -Double(Float.greatestFiniteMagnitude)).moved(to: device)
        return try self.where(mask.unsqueezed(-1), else: lowest).maximum([1])
    }
}
