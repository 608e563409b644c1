internal import Torch

/// Trainings on embeddings at hand, several at a time: each on one thread on the CPU; on another device, which they would share, one after another.
struct SideBySide: Sendable {
    /// nil for as many as there are processors.
    private let workers: Int?

    /// - Parameters:
    ///   - device: Where tensors lie.
    ///   - jobs: How many are asked for at a time; nil for what suits the device.
    /// - Throws: `BraidError` where several are asked for on another device than the CPU.
    init(on device: Device, jobs: Int?) throws {
        guard device == .cpu || jobs ?? 1 == 1 else {
            throw BraidError(.usage, "--jobs acts on the CPU alone, where each training has a thread; on \(device) leave it out")
        }
        workers = device == .cpu ? jobs : 1
    }

    /// The same where nobody can ask for a number.
    init(on device: Device) { workers = device == .cpu ? nil : 1 }

    /// Calls `train` with each number below `count`, and gives the results in order.
    func callAsFunction<Result: Sendable>(_ count: Int, _ train: @Sendable (Int) throws -> Result) throws -> [Result] {
        try concurrentMap(count, workers: workers) { number in try onOneThread { try train(number) } }
    }
}
