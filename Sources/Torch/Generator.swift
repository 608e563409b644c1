internal import CTorch

/// What initial weights and dropout masks are drawn from: libtorch's default generator, or within `own` one of the calling thread.
///
/// Weights of an attention that are dropped, and whatever is drawn on another device than the CPU, always come from libtorch's default one.
public enum Generator {
    /// Runs `body` with a generator of this thread's own, started from `seed`: what else draws at the same time does not change what it draws.
    ///
    /// - Parameters:
    ///   - seed: Where it starts.
    ///   - device: Where tensors lie. Another device than the CPU has one generator for all threads, which is started from `seed` too.
    ///   - body: What draws.
    public static func own<Result>(seed: UInt64, on device: Device = .cpu, _ body: () throws -> Result) throws -> Result {
        if device != .cpu { try check(ct_manual_seed(seed), "manual seed") }
        try check(ct_begin_generator(seed), "begin generator")
        defer { ct_end_generator() }
        return try body()
    }

    /// Starts the generator anew from `seed`; libtorch's default one on all devices, as `torch.manual_seed`.
    public static func seed(_ seed: UInt64) throws(TorchError) {
        try check(ct_manual_seed(seed), "manual seed")
    }

    /// The state of the CPU's generator, a uint8 vector: what a checkpoint of a training stores.
    public static func state() throws(TorchError) -> Tensor {
        var result: ct_tensor?
        try check(ct_generator_state(&result), "generator state")
        guard let result else { throw TorchError(operation: "generator state", message: "gave no result") }
        return Tensor(adopting: result)
    }

    /// Goes on from a state of the CPU's generator that `state` gave.
    public static func restore(_ state: Tensor) throws(TorchError) {
        try check(ct_set_generator_state(state.handle), "set generator state")
    }
}

extension Tensor {
    /// Float32 values of a normal distribution, mean 0 and deviation 1 (`torch.randn`), on the CPU.
    public static func randomNormal(_ shape: [Int]) throws(TorchError) -> Tensor {
        try Operator("randn.generator")(.ints(shape), .generator)
    }

    /// Float32 values evenly distributed in `[low, high)` (`torch.rand`), on the CPU.
    public static func randomUniform(_ shape: [Int], from low: Double, to high: Double) throws(TorchError) -> Tensor {
        try Operator("rand.generator")(.ints(shape), .generator).scaled(by: high - low).adding(low)
    }

    /// In training, each element set to 0 with this probability and else divided by 1 - probability; in use the tensor itself.
    ///
    /// As `torch.nn.functional.dropout`, but for the draw: libtorch draws a number an element, which takes longer than the product that the
    /// layer before computes. Here four elements share the bits of one, so that the probability is rounded to a multiple of 2⁻¹⁶, and the
    /// divisor with it.
    public func dropout(_ probability: Double, mode: Mode) throws(TorchError) -> Tensor {
        guard mode.isTraining, probability > 0, count > 0 else { return self }
        let dropped = (probability * 65536).rounded()
        guard device == .cpu, dropped < 65536 else {
            return try Operator("dropout")(.tensor(self), .double(probability), .bool(true))
        }
        let words = try Operator("empty.memory_format")(.ints([(count + 3) / 4]), .dtype(.int64))
        _ = try Operator("random_.from")(.tensor(words), .int(.min), .none, .generator)
        let draws = try Operator("view.dtype")(.tensor(words), .dtype(.int16)).slice(0, 0..<count).reshaped(shape)
        let kept = try Operator("ge.Scalar")(.tensor(draws), .double(dropped - 32768))
        return try self * kept.converted(to: dtype).scaled(by: 1 / (1 - dropped / 65536))
    }
}
