internal import Foundation

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// What has come of an answer and is not read yet: a queue between URLSession's thread and the reader's.
///
/// URLSession on Linux reports data whether or not anyone keeps up, and suspending a task does not stop it. What bounds the queue
/// is therefore the request: a large file is asked for in ranges (`BlobDownload.span`), and what has more bytes than the request's limit is given up
/// on URLSession's thread, before a reader has met it.
///
/// Sendable, since everything that changes is touched only while the condition is held.
final class HTTPBody: @unchecked Sendable {
    private let task: URLSessionTask
    private let timeout: Double
    private let patience: Double
    private let limit: Int
    private let condition = NSCondition()
    // Everything below is guarded by `condition`, which makes the class safe to share.
    private var header: HTTPURLResponse?
    private var pieces: [Data] = []
    private var hasEnded = false
    private var error: HTTPFailure?
    /// How many bytes have come, and since when they may.
    private var received = 0
    private var begun = ContinuousClock.now

    /// The fewest bytes a second: a server that sends one now and then is never silent, and never done.
    static let slowest = 1000.0

    init(task: URLSessionTask, _ request: HTTPRequest) {
        self.task = task
        (timeout, patience, limit) = (request.timeout, request.patience, request.limit)
    }

    // MARK: URLSession's side

    func begin(_ response: HTTPURLResponse?) {
        condition.withLock {
            guard !hasEnded else { return }
            header = response
            begun = .now
            condition.signal()
        }
    }

    func append(_ data: Data) {
        condition.withLock {
            guard !hasEnded else { return }
            received += data.count
            if received <= limit {
                pieces.append(data)
            } else {
                pieces = []
                hasEnded = true
                error = .tooLarge(limit)
                stop()
            }
            condition.signal()
        }
    }

    func end(_ error: (any Error)?) {
        condition.withLock {
            guard !hasEnded else { return }
            hasEnded = true
            self.error = error.map(HTTPFailure.init)
            condition.signal()
        }
    }

    // MARK: The reader's side

    func response() throws(HTTPFailure) -> HTTPURLResponse {
        condition.lock()
        defer { condition.unlock() }
        try wait { header != nil }
        if let header { return header }
        throw error ?? HTTPFailure("the server closed the connection without an answer")
    }

    /// The pieces that have come since the last call; nil at the end.
    func next() throws(HTTPFailure) -> [Data]? {
        condition.lock()
        defer { condition.unlock() }
        try wait { !pieces.isEmpty }
        if pieces.isEmpty, let error { throw error }
        defer { pieces.removeAll() }
        return pieces.isEmpty ? nil : pieces
    }

    /// Gives up the rest.
    func cancel() {
        guard condition.withLock({ !hasEnded }) else { return }
        stop()
    }

    /// Cancels the request, and does not wait for it: on Linux that waits for a queue which is busy while data come, and meanwhile nobody
    /// would take these off the other one. Of a server that sends without an end 23 GB gathered there. A thread of its own, for all that Dispatch
    /// has may wait for answers.
    private func stop() { Thread.detachNewThread { [task] in task.cancel() } }

    private func wait(for ready: () -> Bool) throws(HTTPFailure) {
        // The clock of the day, by which conditions wait, may be set back meanwhile: it is asked for a second at a time.
        let deadline = ContinuousClock.now + .seconds(timeout)
        while !ready(), !hasEnded {
            guard ContinuousClock.now < deadline else {
                stop()
                throw HTTPFailure("the server did not answer within \(Int(timeout)) s")
            }
            let waited = (ContinuousClock.now - begun) / .seconds(1)
            if header != nil, waited > patience, Double(received) < Self.slowest * waited {
                stop()
                throw HTTPFailure("the server sends less than \(Int(Self.slowest)) bytes a second", isFinal: true)
            }
            _ = condition.wait(
                until: Date(timeIntervalSinceNow: min(1, (deadline - ContinuousClock.now) / .seconds(1))))
        }
    }
}

extension NSCondition {
    fileprivate func withLock<Value>(_ body: () -> Value) -> Value {
        lock()
        defer { unlock() }
        return body()
    }
}
