import Braid
import Foundation

/// Tells the user on stderr how work goes: a bar with rate and time to go on a terminal, plain lines elsewhere.
struct TerminalReporter: Reporter {
    /// Whether it tells what says nothing new, too.
    var isVerbose = false

    var isListening: Bool { true }

    func note(_ text: String) { StandardStreams.tell(text + "\n") }

    func detail(_ text: String) { if isVerbose { note(text) } }

    func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress { ProgressBar(title, total: total, unit: unit) }
}

/// One step's bar, and the line that it leaves.
final class ProgressBar: StepProgress {
    private let title: String
    private var total: Int
    private let unit: StepUnit
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastShown = ContinuousClock.now
    private var done = 0
    private static let clearLine = "\r\u{1B}[K"

    init(_ title: String, total: Int, unit: StepUnit) {
        self.title = title
        self.total = total
        self.unit = unit
    }

    func expect(_ count: Int) { total += count }

    func advance(by count: Int) {
        done += count
        let now = ContinuousClock.now
        guard isTerminal, now - lastShown > .milliseconds(100) else { return }
        lastShown = now
        StandardStreams.tell(bar(), controls: Self.clearLine)
    }

    /// Leaves one line that says what was done and how long it took.
    func finish(_ note: String) {
        let seconds = elapsed()
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let tail = note.isEmpty ? "" : "  \(note)"
        StandardStreams.tell(
            "\(title): \(amount(Double(done))) in \(format(seconds)) s (\(amount(rate, isRate: true))/s)\(tail)\n",
            controls: isTerminal ? Self.clearLine : "")
    }

    private func bar() -> String {
        let seconds = elapsed()
        let rate = seconds > 0 ? Double(done) / seconds : 0
        guard total > 0 else { return "\(title) \(amount(Double(done)))  \(amount(rate, isRate: true))/s" }
        let filled = min(24, 24 * done / total)
        let left = rate > 0 ? Double(total - done) / rate : 0
        let cells = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        return
            "\(title) \(cells) \(amount(Double(done)))/\(amount(Double(total)))  \(amount(rate, isRate: true))/s  \(format(left)) s left"
    }

    private func amount(_ count: Double, isRate: Bool = false) -> String {
        switch unit {
        case .bytes: ByteCount.text(count)
        case .items: isRate ? format(count) : String(Int(count))
        }
    }

    private func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    private func format(_ value: Double) -> String { String(format: value < 10 ? "%.1f" : "%.0f", value) }
}
