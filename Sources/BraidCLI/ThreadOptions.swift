import ArgumentParser
import Braid
import Foundation

/// A command that computes, on as many threads as it is given.
protocol ComputingCommand: ParsableCommand {
    var threads: ThreadOptions { get }
}

/// How many threads a command uses, and how they wait for each other.
///
/// OpenMP, on which libtorch spreads its operators, reads both from the environment when it is loaded, which is before the first line of the
/// program: libsoxr, which resamples, brings it along. So the process sets them, and starts itself again.
struct ThreadOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Use at most this many threads, 1 to the number of processors. Default: OMP_NUM_THREADS, else all processors.",
            valueName: "number"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...Self.processors).contains(threads) {
            throw ValidationError("--threads \(threads): expected 1 to \(Self.processors), the processors that there are")
        }
    }

    private static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// What the environment lacks.
    ///
    /// Threads that wait turn in circles, 300,000 times before they sleep. Where another command wants the processor too, each turn is taken from
    /// the very thread that is waited for: two trainings of encoders at once on two processors took eighty times as long as one alone
    /// (docs/threads.md). With 1,000 turns a command alone is as fast as before. Who has said how to wait is left alone.
    func missing(in environment: [String: String]) -> [String: String] {
        var missing: [String: String] = [:]
        if environment["GOMP_SPINCOUNT"] == nil, environment["OMP_WAIT_POLICY"] == nil { missing["GOMP_SPINCOUNT"] = "1000" }
        if let threads, environment["OMP_NUM_THREADS"] != "\(threads)" { missing["OMP_NUM_THREADS"] = "\(threads)" }
        return missing
    }

    /// Starts the process again where the environment lacks something; returns where it does not.
    ///
    /// Where the process cannot be started again, as without `/proc`, it goes on, unless a number of threads was asked for.
    func startAgain() throws {
        let missing = missing(in: ProcessInfo.processInfo.environment)
        guard !missing.isEmpty else { return }
        for (name, value) in missing { setenv(name, value, 1) }
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        guard let threads else { return }
        throw BraidError(
            .usage, "--threads \(threads): the process cannot be started again; set OMP_NUM_THREADS=\(threads) in its environment")
    }
}
