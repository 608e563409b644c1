internal import Foundation
internal import Torch

/// What the process holds in main memory, as Linux counts it.
final class ResidentMemory {
    /// The most that was held while anything was measured, in bytes; nil where the system does not say.
    private(set) var highest: Int?

    /// Bytes now; nil where the system does not say.
    static var current: Int? { field("VmRSS:") }

    /// What `body` needs at most beyond what is held before it, in bytes; nil where the system does not say.
    func rise<Result>(during body: () throws -> Result) rethrows -> (result: Result, bytes: Int?) {
        giveBackFreedMemory()
        let before = Self.current
        // The highest mark begins anew: proc(5), clear_refs.
        let isReset = (try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))) != nil
        let result = try body()
        guard isReset, let before, let most = Self.field("VmHWM:") else { return (result, nil) }
        highest = max(highest ?? 0, most)
        return (result, max(0, most - before))
    }

    private static func field(_ name: String) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
