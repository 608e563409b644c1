internal import Synchronization

/// A wish that a training stops, from whoever runs it: after the step at hand, with a checkpoint that a later run goes on from.
public final class Interruption: Sendable {
    private struct State {
        var isHeard = false
        var isAsked = false
    }

    private let state = Mutex(State())

    /// Makes one that nobody has asked yet.
    public init() {}

    /// Asks a training that listens to stop.
    ///
    /// - Returns: Whether one listens, and was not asked before: elsewhere nothing comes of it.
    public func ask() -> Bool {
        state.withLock { state in
            defer { if state.isHeard { state.isAsked = true } }
            return state.isHeard && !state.isAsked
        }
    }

    /// Whether it was asked to stop.
    public var isAsked: Bool { state.withLock(\.isAsked) }

    /// Runs what looks at `isAsked` between its steps.
    ///
    /// - Parameter body: The work.
    public func listening<Result>(_ body: () throws -> Result) rethrows -> Result {
        state.withLock { $0.isHeard = true }
        defer { state.withLock { $0.isHeard = false } }
        return try body()
    }
}

/// A training that was asked to stop, and did. Its checkpoint is written.
public struct TrainingInterrupted: Error, CustomStringConvertible {
    /// The epoch it is in, from 1.
    public let epoch: Int
    /// The steps of that epoch that are done, and how many it has.
    public let steps: (done: Int, all: Int)
    /// The embedding that pairs train, a modality or `fused`; nil where it is not pairs that train.
    public let pairs: String?

    init(epoch: Int, steps: (done: Int, all: Int), pairs: String? = nil) {
        (self.epoch, self.steps, self.pairs) = (epoch, steps, pairs)
    }

    /// Where the training stands.
    public var description: String {
        "stopped in epoch \(epoch)\(pairs.map { " of the pairs of \($0)" } ?? ""), after \(steps.done) of \(steps.all) steps; the checkpoint is written"
    }
}
