internal import Foundation

/// Where the library tells how its work goes. It writes nowhere by itself: whoever calls it decides what a user sees.
///
/// The command gives one that draws bars on stderr; the default, `SilentReporter`, drops everything. Called from one thread at a time:
/// mostly the one that called the library.
public protocol Reporter: Sendable {
    /// Whether anybody reads what is told. What is computed only to be told is left out where nobody does.
    var isListening: Bool { get }

    /// Whether whoever called the library wants the work to end. Asked between pieces of it; false where nobody says otherwise.
    var isStopping: Bool { get }

    /// A sentence that a user should know and that is not a result: what is left out, what a model lacks, what was found.
    func note(_ text: String)

    /// A sentence that says nothing new where all is well: for those who ask for everything.
    func detail(_ text: String)

    /// Begins a step of which `total` pieces are to be done.
    ///
    /// - Parameters:
    ///   - title: What is done, for example `embedding image`.
    ///   - total: How many pieces there are; 0 where that shows only on the way.
    ///   - unit: What a piece is.
    /// - Returns: What is told of each piece. The step ends with its `finish`; one that fails is never finished.
    func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress
}

/// Work that ended because its reporter said that it shall. What was finished by then is kept where the work keeps anything.
public struct Stopped: Error, CustomStringConvertible, Sendable {
    /// Says that the work was stopped.
    public var description: String { "stopped before the end" }
}

extension Reporter {
    /// Nobody wants it.
    public var isStopping: Bool { false }

    /// Does nothing.
    public func detail(_ text: String) {}

    /// Ends the work where that is wanted.
    ///
    /// - Throws: `Stopped`.
    package func checkStopping() throws(Stopped) { if isStopping { throw Stopped() } }

    /// Begins a step that counts items.
    public func begin(_ title: String, total: Int) -> any StepProgress { begin(title, total: total, unit: .items) }
}

/// What a step counts.
public enum StepUnit: Sendable {
    /// Samples, recipes, epochs.
    case items
    /// Bytes of a download.
    case bytes
}

/// How far a step is.
public protocol StepProgress: AnyObject {
    /// Adds `count` pieces to what is to be done.
    func expect(_ count: Int)

    /// Counts `count` more pieces as done.
    func advance(by count: Int)

    /// Ends the step. `note` says what came of it; empty where there is nothing to say.
    func finish(_ note: String)
}

extension StepProgress {
    /// Counts one more piece as done.
    public func advance() { advance(by: 1) }

    /// Ends the step without a remark.
    public func finish() { finish("") }
}

/// A step that several threads count pieces of, one at a time.
package final class SharedProgress: @unchecked Sendable {
    private let step: any StepProgress
    private let lock = NSLock()

    package init(_ step: any StepProgress) { self.step = step }

    package func advance(by count: Int = 1) { lock.withLock { step.advance(by: count) } }
    package func finish() { lock.withLock { step.finish() } }
}

/// A reporter that drops everything: the library's default.
public struct SilentReporter: Reporter {
    /// Makes one; all are alike.
    public init() {}

    /// Always false.
    public var isListening: Bool { false }

    /// Does nothing.
    public func note(_ text: String) {}

    /// Begins a step that nobody hears of.
    public func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress { SilentStep() }

    private final class SilentStep: StepProgress {
        func expect(_ count: Int) {}
        func advance(by count: Int) {}
        func finish(_ note: String) {}
    }
}

/// Sizes as people read them.
public enum ByteCount {
    /// The count in the largest decimal unit that keeps it at 1 or more, as the hub shows sizes: `1.5 MB`.
    public static func text(_ count: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        let step = min(units.count - 1, max(0, Int(log10(max(1, count)) / 3)))
        return String(format: step == 0 ? "%.0f" : "%.1f", count / pow(1000, Double(step))) + " \(units[step])"
    }
}
