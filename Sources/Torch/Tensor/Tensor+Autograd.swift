internal import CTorch

extension Tensor {
    /// Begins or ends the recording of operators on this tensor, so that `backward` gives it a gradient. Only leaves can end
    /// it.
    public func setRequiresGradient(_ value: Bool) throws(TorchError) {
        try check(ct_set_requires_grad(handle, value), "set requires grad")
    }

    /// Computes this scalar's gradient by every leaf that it depends on, and adds it to what they have already.
    ///
    /// - Parameter keepsGraph: Whether another scalar that was computed on the way may be asked for its gradient afterwards.
    public func backward(keepsGraph: Bool = false) throws(TorchError) {
        try check(ct_backward(handle, keepsGraph), "backward")
    }

    /// The gradient that `backward` left, of this tensor's shape, or nil where there is none.
    public func gradient() throws(TorchError) -> Tensor? {
        var result: ct_tensor?
        try check(ct_gradient(handle, &result), "gradient")
        return result.map(Tensor.init(adopting:))
    }

    /// Removes the gradient: `gradient` gives nil until the next `backward`.
    public func clearGradient() throws(TorchError) {
        try check(ct_clear_gradient(handle), "clear gradient")
    }
}

/// Runs `body` without recording gradients on this thread.
public func withoutGradient<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let before = ct_set_grad_enabled(false)
    defer { _ = ct_set_grad_enabled(before) }
    return try body()
}

/// Runs `body` with gradients recorded on this thread, whatever is around it.
public func withGradient<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let before = ct_set_grad_enabled(true)
    defer { _ = ct_set_grad_enabled(before) }
    return try body()
}

/// Runs `body` with products of this thread computed in `dtype` where their arguments are float32, as `torch.autocast` has it: linear layers,
/// convolutions and attention, by a list of libtorch's own. What needs float32, such as a loss, is computed in it. They do not nest.
///
/// - Parameters:
///   - dtype: What products are computed in; nil or float32: as they are.
///   - device: Where the tensors lie.
///   - body: What is run. Gradients of what it computed are for the caller to take, outside of it.
/// - Throws: What `body` throws, and `TorchError` where libtorch has no such products.
public func inLowerPrecision<Result>(_ dtype: DType?, on device: Device, _ body: () throws -> Result) throws -> Result {
    guard let dtype, dtype != .float32 else { return try body() }
    try check(ct_set_autocast(device == .cpu, dtype.rawValue), "autocast")
    defer { _ = ct_set_autocast(device == .cpu, -1) }
    return try body()
}

/// Whether operators of this thread compute products of float32 tensors in another format (`inLowerPrecision`): then libtorch's own operators must be
/// asked, which know of it.
func isInLowerPrecision(on device: Device) -> Bool { ct_is_autocast(device == .cpu) }

/// Runs `body` with operators on this thread alone: for work that is spread over threads already, where operators that
/// spread theirs as well only wait for each other.
public func onOneThread<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let before = ct_set_threads(1)
    defer { _ = ct_set_threads(before) }
    return try body()
}

/// Gives memory that tensors have freed back to the system. It is kept otherwise, for the next operator: for the end of a piece of
/// work, of which many follow.
public func giveBackFreedMemory() { ct_trim_memory() }
