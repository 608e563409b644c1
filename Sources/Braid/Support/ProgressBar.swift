internal import Foundation

/// Tells the user on stderr how far a long step is: a bar with rate and time to go on a terminal, plain lines elsewhere.
public final class ProgressBar {
    public enum Style: Sendable {
        case automatic
        case quiet
    }

    /// What is counted.
    public enum Unit: Sendable {
        case items
        case bytes
    }

    private let title: String
    private var total: Int
    private let unit: Unit
    private let style: Style
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var lastShown = ContinuousClock.now
    private var done = 0

    public init(_ title: String, total: Int, style: Style, unit: Unit = .items) {
        self.title = title
        self.total = total
        self.style = style
        self.unit = unit
    }

    /// Adds `count` items to what is to be done.
    func expect(_ count: Int) { total += count }

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
        write(
            (isTerminal ? "\r\u{1B}[K" : "")
                + "\(title): \(amount(Double(done))) in \(format(seconds)) s (\(amount(rate, isRate: true))/s)\(tail)\n")
    }

    private func bar() -> String {
        let seconds = elapsed()
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let filled = total > 0 ? min(24, 24 * done / total) : 0
        let left = rate > 0 ? Double(total - done) / rate : 0
        let cells = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        return
            "\(title) \(cells) \(amount(Double(done)))/\(amount(Double(total)))  \(amount(rate, isRate: true))/s  \(format(left)) s left"
    }

    private func amount(_ count: Double, isRate: Bool = false) -> String {
        switch unit {
        case .bytes: Self.bytes(count)
        case .items: isRate ? format(count) : String(Int(count))
        }
    }

    /// `1.5 MB`: decimal units, as the hub shows them.
    static func bytes(_ count: Double) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        let step = min(units.count - 1, max(0, Int(log10(max(1, count)) / 3)))
        return String(format: step == 0 ? "%.0f" : "%.1f", count / pow(1000, Double(step))) + " \(units[step])"
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
