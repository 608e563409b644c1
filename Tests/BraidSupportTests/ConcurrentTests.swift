import BraidSupport
import Synchronization
import Testing

@Suite struct ConcurrentTests {
    @Test(arguments: [1, 2, 7, 100])
    func resultsComeInOrder(_ workers: Int) throws {
        #expect(concurrentMap(50, workers: workers) { $0 * $0 } == (0..<50).map { $0 * $0 })
        #expect(concurrentMap(0, workers: workers) { $0 }.isEmpty)
    }

    @Test func theEnvironmentBoundsWorkers() {
        #expect(Processors.count([:], there: 4) == 4)
        #expect(Processors.count(["OMP_NUM_THREADS": "3"], there: 4) == 3)
        #expect(Processors.count(["OMP_NUM_THREADS": "2,1"], there: 4) == 2)
        #expect(Processors.count(["OMP_NUM_THREADS": "64"], there: 4) == 4)
        #expect(Processors.count(["OMP_NUM_THREADS": "0"], there: 4) == 1)
        #expect(Processors.count(["OMP_NUM_THREADS": "many"], there: 4) == 4)
    }

    private struct Failure: Error, Equatable {
        let number: Int
    }

    @Test func theFirstFailureIsThrownAndNothingMoreIsBegun() throws {
        let begun = Mutex(0)
        let error = #expect(throws: Failure.self) {
            try concurrentMap(1000, workers: 2) { number in
                begun.withLock { $0 += 1 }
                if number >= 10 { throw Failure(number: number) }
            }
        }
        #expect(error == Failure(number: 10) && begun.withLock { $0 } <= 12)
    }
}
