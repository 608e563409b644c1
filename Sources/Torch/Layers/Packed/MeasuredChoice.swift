internal import Foundation
internal import Synchronization

/// A way to compute something, of which the fastest one depends on the processor: found out by trying once on a machine (`RememberedChoices`), or
/// said by an environment variable.
protocol MeasuredChoice: RawRepresentable<String>, CaseIterable, Sendable {
    /// The environment variable that decides.
    static var variable: String { get }
}

extension MeasuredChoice {
    /// How much faster than the usual way another must be to be chosen. They round differently: where they are about as fast,
    /// a busy moment must not decide which one a run's figures come from.
    private static var margin: Double { 1.15 }

    /// What the user says; nil where nothing is said.
    static func told(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws(TorchError) -> Self? {
        guard let name = environment[variable], !name.isEmpty else { return nil }
        guard let choice = Self(rawValue: name) else {
            let names = allCases.map { "\($0.rawValue)" }.joined(separator: " or ")
            throw TorchError(operation: variable, message: "is \(name); expected \(names)")
        }
        return choice
    }

    /// `other` where `runOther` is clearly faster than `runUsual`, by the better of their best times. They take turns, so that a
    /// busy moment meets both.
    static func faster(
        _ usual: Self, _ runUsual: () throws(TorchError) -> Void, or other: Self, _ runOther: () throws(TorchError) -> Void
    ) throws(TorchError) -> Self {
        let clock = ContinuousClock()
        var best = (usual: Duration.seconds(60), other: Duration.seconds(60))
        for _ in 0..<5 {
            let start = clock.now
            try runUsual()
            let middle = clock.now
            try runOther()
            best = (min(best.usual, middle - start), min(best.other, clock.now - middle))
        }
        return best.other * margin < best.usual ? other : usual
    }
}

/// One thing of which the faster way is measured once on a machine, kept, and held for the life of the process.
final class RememberedChoice<Way: MeasuredChoice>: Sendable {
    /// What `RememberedChoices` calls it.
    let name: String
    private let measure: @Sendable () throws(TorchError) -> Way
    private let chosen = Mutex<Way?>(nil)

    /// - Parameters:
    ///   - name: What it is kept as.
    ///   - measure: Finds the faster way, in some milliseconds.
    init(_ name: String, measure: @escaping @Sendable () throws(TorchError) -> Way) {
        (self.name, self.measure) = (name, measure)
    }

    /// What the environment says, else what was found before, else what is measured now.
    func callAsFunction() throws(TorchError) -> Way {
        try chosen.withLock { chosen throws(TorchError) in
            if let chosen { return chosen }
            let way =
                if let told = try Way.told() {
                    told
                } else if let earlier = RememberedChoices.known(name, as: Way.self) {
                    earlier
                } else {
                    RememberedChoices.keep(name, try measure())
                }
            chosen = way
            return way
        }
    }
}

/// What `RememberedChoices` does with each of them.
protocol AdoptableChoice: Sendable {
    var name: String { get }
    /// The way's name, as an earlier process is told it.
    func value() throws(TorchError) -> String
    /// Takes the way of this name from here on, unless the environment names one. A name that is not known is left alone.
    func adopt(_ value: String)
}

extension RememberedChoice: AdoptableChoice {
    func value() throws(TorchError) -> String { try self().rawValue }

    func adopt(_ value: String) {
        guard let way = Way(rawValue: value) else { return }
        chosen.withLock { $0 = (try? Way.told()) ?? way }
    }
}
