internal import Foundation

/// Tells the user on stderr how far a long step is: a bar with rate and time to go on a terminal, plain lines elsewhere.
public final class ProgressBar {
    public enum Style: Sendable {
        case automatic
        case quiet
    }

    private let title: String
    private let total: Int
    private let style: Style
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastShown = ContinuousClock.now
    private var done = 0

    public init(_ title: String, total: Int, style: Style) {
        self.title = title
        self.total = total
        self.style = style
    }

    /// Counts `count` more items as done.
    public func advance(by count: Int = 1) {
        done += count
        let now = ContinuousClock.now
        guard style != .quiet, isTerminal, now - lastShown > .milliseconds(100) else { return }
        lastShown = now
        write("\r\u{1B}[K" + bar())
    }

    /// Leaves one line that says what was done and how long it took.
    public func finish(_ note: String = "") {
        guard style != .quiet else { return }
        let seconds = elapsed()
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let tail = note.isEmpty ? "" : "  \(note)"
        write((isTerminal ? "\r\u{1B}[K" : "") + "\(title): \(done) in \(format(seconds)) s (\(format(rate))/s)\(tail)\n")
    }

    private func bar() -> String {
        let seconds = elapsed()
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let filled = total > 0 ? min(24, 24 * done / total) : 0
        let left = rate > 0 ? Double(total - done) / rate : 0
        let cells = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        return "\(title) \(cells) \(done)/\(total)  \(format(rate))/s  \(format(left)) s left"
    }

    private func elapsed() -> Double { (ContinuousClock.now - start) / .seconds(1) }
    private func format(_ value: Double) -> String { String(format: value < 10 ? "%.1f" : "%.0f", value) }
    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Writes a line to stderr: what a user should know that is not a result.
func notify(_ text: String, style: ProgressBar.Style) {
    guard style != .quiet else { return }
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
