internal import Foundation

/// How often a request is tried again, and how long is waited before: exponential backoff with jitter, or what the server asks for.
struct RetryPolicy: Sendable {
    /// Tries after the first.
    var retries = 5
    /// The first wait, in seconds.
    var base = 1.0
    /// The longest wait, in seconds, whether ours or one that a server asks for.
    var longest = 120.0
    /// Whether to try again where no connection was made: within a download yes, at first contact no.
    var retriesUnreachable = true

    /// Runs `body` until it succeeds, fails for good, or has been tried often enough.
    ///
    /// `progress` says how far the work is; a try that came a good piece further does not count.
    func run<Value>(progress: () -> Int = { 0 }, _ body: () throws -> Value) throws -> Value {
        var failures = 0
        var furthest = progress()
        while true {
            do {
                return try body()
            } catch let failure as Transient {
                if progress() >= furthest + Self.goodPiece {
                    failures = 0
                    furthest = progress()
                }
                let wait = failure.wait ?? min(longest, base * pow(2, Double(failures))) * Double.random(in: 0.5...1)
                guard failures < retries, wait <= longest, retriesUnreachable || !failure.isUnreachable else { throw failure }
                failures += 1
                Thread.sleep(forTimeInterval: wait)
            }
        }
    }

    private static let goodPiece = 1 << 20

    /// A year: whatever a server says, longer waits are the same.
    private static let mostSeconds = 31_536_000.0

    /// The seconds that a `Retry-After` header asks for: a number, or an HTTP date.
    static func seconds(retryAfter: String?, now: Date = Date()) -> Double? {
        guard let text = retryAfter?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        if let seconds = Double(text) { return seconds.isFinite ? min(max(0, seconds), mostSeconds) : nil }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { min(max(0, $0.timeIntervalSince(now)), mostSeconds) }
    }
}

/// A failure that may be over when the same is tried again.
struct Transient: Error {
    let reason: String
    /// The seconds that the server asks to wait.
    var wait: Double?
    /// No connection was made at all.
    var isUnreachable = false
}
