import Foundation

/// How OpenMP's threads, on which libtorch spreads the training of encoders, wait for each other.
///
/// They turn in circles, 300,000 times before they sleep. Where another command wants the processor too, each turn is taken from the very
/// thread that is waited for: two trainings at once on two cores took eighty times as long as one alone (docs/results/side-by-side.md). With
/// 1,000 turns a training alone is as fast as before.
enum PoliteThreads {
    /// Starts the process again with that many turns, unless the user has said how to wait.
    ///
    /// OpenMP reads it when it is loaded, which is before the first line of the program: libsoxr, which resamples, brings it along. Returns
    /// where there is nothing to do, or the process cannot be started again, as without `/proc`.
    static func startAgain() {
        guard getenv("GOMP_SPINCOUNT") == nil, getenv("OMP_WAIT_POLICY") == nil else { return }
        setenv("GOMP_SPINCOUNT", "1000", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
    }
}
