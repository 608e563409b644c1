internal import Foundation

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
