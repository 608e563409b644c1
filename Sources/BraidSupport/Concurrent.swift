internal import Foundation
internal import Synchronization

/// Calls `body` with each number below `count`, several at a time, and gives the results in order.
///
/// Numbers are taken in order. After a failure no more are begun, and the error of the lowest number that failed is thrown.
///
/// - Parameters:
///   - count: How many calls there are.
///   - workers: How many run at a time, at most; nil for as many as `Processors` says.
package func concurrentMap<Result: Sendable, Failure: Error>(
    _ count: Int, workers: Int? = nil, _ body: @Sendable (Int) throws(Failure) -> Result
) throws(Failure) -> [Result] {
    let work = Mutex(ConcurrentWork<Result, Failure>(found: Array(repeating: nil, count: count)))
    let take = { @Sendable in
        work.withLock { work -> Int? in
            guard work.next < count, work.failure == nil else { return nil }
            defer { work.next += 1 }
            return work.next
        }
    }
    DispatchQueue.concurrentPerform(iterations: max(1, min(workers ?? Processors.count, count))) { _ in
        while let number = take() {
            do throws(Failure) {
                let result = try body(number)
                work.withLock { $0.found[number] = result }
            } catch {
                work.withLock { if number < $0.failure?.number ?? .max { $0.failure = (number, error) } }
            }
        }
    }
    let done = work.withLock { $0 }
    if let failure = done.failure { throw failure.error }
    return done.found.compactMap { $0 }
}

private struct ConcurrentWork<Result: Sendable, Failure: Error> {
    var next = 0
    var found: [Result?]
    var failure: (number: Int, error: Failure)?
}
