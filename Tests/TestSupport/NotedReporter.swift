public import BraidSupport
import Synchronization

/// A reporter that keeps what it is told, for tests of what a user hears.
public final class NotedReporter: Reporter {
    private let held = Mutex<[String]>([])

    public init() {}

    /// The notes, in their order.
    public var notes: [String] { held.withLock { $0 } }
    public var isListening: Bool { true }
    public func note(_ text: String) { held.withLock { $0.append(text) } }
    public func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress {
        SilentReporter().begin(title, total: total, unit: unit)
    }
}
