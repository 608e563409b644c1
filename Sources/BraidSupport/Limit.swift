internal import Foundation

/// The most of something that an input may ask for, so that no file takes unbounded time or memory.
///
/// A reader compares with `value` before it allocates, and throws what `exceeded` gives. Whoever has a larger file raises the limit
/// in `BRAID_LIMITS`. Adding a limit is one value and one line in `all`; docs/limits.md is held to it by a test.
public struct Limit: Sendable {
    /// The name in `BRAID_LIMITS` and in errors, such as `header-bytes`.
    public let name: String
    /// What holds where nobody says otherwise.
    public let standard: Int
    /// What is counted, and why the limit stands where it stands: a line of the table in docs/limits.md.
    public let meaning: String

    /// Makes a limit; the command and the table know of it once it stands in `all`.
    public init(_ name: String, _ standard: Int, _ meaning: String) {
        self.name = name
        self.standard = standard
        self.meaning = meaning
    }

    /// What holds in this process: what `BRAID_LIMITS` says, else `standard`.
    public var value: Int { Self.asked[name] ?? standard }

    /// The error of a file that asks for more: names what was counted, the limit, and how it is raised.
    ///
    /// - Parameters:
    ///   - what: What there is too much of, with its number: `a header of 90000000 bytes`.
    ///   - file: The file that asks for it.
    ///   - line: The line it stands on, counted from 1.
    ///   - field: The column or key it stands in.
    ///   - bound: The limit that it was compared with; `value` where nothing else is said.
    public func exceeded(_ what: String, file: String? = nil, line: Int? = nil, field: String? = nil, bound: Int? = nil)
        -> BraidError
    {
        BraidError(.badData, faults: [fault(what, file: file, line: line, field: field, bound: bound)])
    }

    /// The same as a fault, for readers that gather faults.
    public func fault(_ what: String, file: String? = nil, line: Int? = nil, field: String? = nil, bound: Int? = nil) -> Fault {
        let bound = bound ?? value
        let advice = "where that is meant, set BRAID_LIMITS=\(name)=NUMBER in the environment"
        return Fault("\(what); the limit \(name) is \(bound): \(advice)", file: file, line: line, field: field)
    }

    private static let asked = (try? read(ProcessInfo.processInfo.environment)) ?? [:]

    /// What `BRAID_LIMITS` asks for: `header-bytes=200000000,columns=50000`.
    ///
    /// The command calls it before anything else, so that a misspelt limit is an error and not a limit that silently stays.
    ///
    /// - Throws: `BraidError` where an entry is not `NAME=NUMBER`, the name is no limit's, or the number is not positive.
    @discardableResult
    public static func read(_ environment: [String: String]) throws -> [String: Int] {
        var found: [String: Int] = [:]
        for entry in (environment["BRAID_LIMITS"] ?? "").split(separator: ",") {
            let parts = entry.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, let number = Int(parts[1]), number > 0 else {
                throw BraidError(.badConfiguration, "BRAID_LIMITS: \(entry): expected NAME=NUMBER, with a number above 0")
            }
            guard all.contains(where: { $0.name == parts[0] }) else {
                let near = nearest(to: parts[0], in: all.map(\.name)).map { "; did you mean \($0)?" } ?? "."
                let names = all.map(\.name).joined(separator: ", ")
                throw BraidError(.badConfiguration, "BRAID_LIMITS: \(parts[0]) is not a limit\(near) Known: \(names)")
            }
            found[parts[0]] = number
        }
        return found
    }
}
