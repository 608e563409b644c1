internal import Foundation
internal import Torch

/// What the process holds in main memory, as Linux counts it.
enum ResidentMemory {
    /// Bytes now; nil where the system does not say.
    static var current: Int? { field("VmRSS:") }

    /// What `body` needs at most beyond what is held before it, in bytes; nil where the system does not say.
    static func rise<Result>(during body: () throws -> Result) rethrows -> (result: Result, bytes: Int?) {
        giveBackFreedMemory()
        let before = current
        // The highest mark begins anew: proc(5), clear_refs.
        let isReset = (try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))) != nil
        let result = try body()
        guard isReset, let before, let highest = field("VmHWM:") else { return (result, nil) }
        return (result, max(0, highest - before))
    }

    private static func field(_ name: String) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
