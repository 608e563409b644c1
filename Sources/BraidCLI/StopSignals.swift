import Braid
import Dispatch
import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into a wish that the training stops after its step. Where no training listens, and the second time, they end
/// the process as they always do.
final class StopSignals: Sendable {
    let interruption = Interruption()
    private let last = Mutex<Int32>(0)
    // Kept so that they live; nothing is done with them after the start.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    /// The signal that came.
    var received: Int32 { last.withLock { $0 } }

    init() {
        sources = [SIGINT, SIGTERM].map { number in
            // The source is told of the signal all the same.
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for (source, number) in zip(sources, [SIGINT, SIGTERM]) {
            source.setEventHandler { [self] in receive(number) }
            source.activate()
        }
    }

    private func receive(_ number: Int32) {
        last.withLock { $0 = number }
        guard !interruption.ask() else { return }
        signal(number, SIG_DFL)
        kill(getpid(), number)
    }
}
