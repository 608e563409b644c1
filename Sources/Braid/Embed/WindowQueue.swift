internal import Foundation

/// Between workers and who takes what they made: hands out the numbers of windows, and holds a bounded number of results.
///
/// Sendable, since everything that changes is touched only while the condition is held.
final class WindowQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let count: Int
    private let room: Int
    private var given = 0
    private var results: [(window: EncodingPipeline.Window, count: Int)] = []
    private var hasFailed: Bool { error != nil }
    private var error: (any Error)?
    /// Workers that have left.
    private var gone = 0

    /// - Parameters:
    ///   - count: How many windows there are.
    ///   - room: How many results may wait.
    init(count: Int, room: Int) { (self.count, self.room) = (count, room) }

    /// The next window to work on; nil where all are given, or the work has failed.
    func take() -> Int? {
        condition.withLock {
            guard given < count, !hasFailed else { return nil }
            defer { given += 1 }
            return given
        }
    }

    /// Waits for room, and leaves a result.
    func put(_ window: EncodingPipeline.Window, _ count: Int) {
        condition.withLock {
            while results.count >= room && !hasFailed { condition.wait() }
            results.append((window, count))
            condition.broadcast()
        }
    }

    /// Keeps the first error; no more windows are handed out.
    func fail(_ error: any Error) {
        condition.withLock {
            self.error = self.error ?? error
            condition.broadcast()
        }
    }

    /// A worker's last call.
    func leave() {
        condition.withLock {
            gone += 1
            condition.broadcast()
        }
    }

    /// Takes results until `workers` workers have left, and gives each to `body`.
    ///
    /// - Throws: The first error of a worker, or of `body`; no worker runs any more by then.
    func receive(from workers: Int, _ body: (EncodingPipeline.Window, Int) throws -> Void) throws {
        while let result = next(workers) {
            do { try body(result.window, result.count) } catch { fail(error) }
        }
        if let error = condition.withLock({ error }) { throw error }
    }

    /// The next result; nil where all workers have left and nothing is left to take. After a failure results are dropped.
    private func next(_ workers: Int) -> (window: EncodingPipeline.Window, count: Int)? {
        condition.withLock {
            while true {
                if hasFailed { results = [] }
                if !results.isEmpty {
                    condition.broadcast()
                    return results.removeFirst()
                }
                if gone == workers { return nil }
                condition.wait()
            }
        }
    }
}
