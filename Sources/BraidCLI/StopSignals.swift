import ArgumentParser
import Braid
import Dispatch
import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into a wish that the work stops after the piece at hand. Where nothing listens, and the second time, they end the
/// process as they always do, with a line that says so.
final class StopSignals: Sendable {
    /// Those of the process.
    static let shared = StopSignals()
    let interruption = Interruption()
    private let last = Mutex<Int32>(0)
    private let advice = Mutex<String?>(nil)
    // Kept so that they live; nothing is done with them after the start.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// The signal that came.
    var received: Int32 { last.withLock { $0 } }

    private init() {
        sources = [SIGINT, SIGTERM].map { number in
            // The source is told of the signal all the same.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInteractive))
        }
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.setEventHandler { [self] in receive(number) }
            source.activate()
        }
    }

    /// Says what goes on with work that is ended by a signal.
    func advise(_ command: String?) { advice.withLock { $0 = command } }

    /// Runs `body`, whose reporter is asked between the pieces of its work whether it shall stop: `StoppableReporter`.
    ///
    /// - Parameter goOn: The command that goes on with what is stopped.
    /// - Throws: `ExitCode` where it has stopped: 128 and the signal's number.
    func stopping<Result>(_ goOn: String, _ body: () throws -> Result) throws -> Result {
        advise(goOn)
        defer { advise(nil) }
        do { return try interruption.listening(body) } catch let stop as Stopped { throw stopped(stop.description) }
    }

    /// Says that the work has stopped and what goes on with it, and gives the code that the command ends with.
    func stopped(_ what: String) -> ExitCode {
        StandardStreams.tell("\(what)\(remedy)\n")
        return ExitCode(128 + received)
    }

    private var remedy: String { advice.withLock { $0.map { ": go on with \($0)" } ?? "" } }

    private func receive(_ number: Int32) {
        last.withLock { $0 = number }
        let name = number == SIGINT ? "SIGINT" : "SIGTERM"
        guard !interruption.ask() else {
            return StandardStreams.tell("\(name): stopping after the step at hand; once more ends the command at once\n")
        }
        StandardStreams.tell("ended by \(name)\(remedy)\n")
        signal(number, SIG_DFL)
        // Sources of signals block them in every thread: what is sent would wait for ever.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        _exit(128 + number)
    }
}

/// A reporter that also knows of the signals that ask for the end.
struct StoppableReporter: Reporter {
    let inner: any Reporter

    var isListening: Bool { inner.isListening }
    var isStopping: Bool { StopSignals.shared.interruption.isAsked }
    func note(_ text: String) { inner.note(text) }
    func detail(_ text: String) { inner.detail(text) }
    func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress {
        inner.begin(title, total: total, unit: unit)
    }
}
