internal import Foundation

/// How many threads work is spread over.
package enum Processors {
    /// The processors of the machine, or fewer where `OMP_NUM_THREADS` says so, which `--threads` sets.
    package static let count = count(ProcessInfo.processInfo.environment, there: all)

    /// The processors that the system lets the process use.
    package static var all: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// The count that an environment asks for; of a list, as OpenMP has it for nested loops, the first.
    package static func count(_ environment: [String: String], there: Int) -> Int {
        let asked = environment["OMP_NUM_THREADS"].flatMap { $0.split(separator: ",").first }.flatMap { Int($0) }
        return max(1, min(there, asked ?? there))
    }
}
