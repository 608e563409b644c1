internal import Foundation

/// Which fusion a training took where it was asked to choose, and why.
public struct FusionChoice: Sendable, Codable, Equatable {
    /// One fusion, tried on rows that it was held out from.
    public struct Trial: Sendable, Codable, Equatable {
        /// What `fusion.type` calls it.
        public let fusion: String
        /// The mean loss of the held-out rows, calibrated.
        public let loss: Double
        /// How much less the loss is than the first trial's, on the same rows; negative where it is more.
        public let gain: Double
        /// The standard error of `gain`.
        public let error: Double
        /// What training it took, in seconds.
        public let seconds: Double
    }

    /// What `fusion.type` calls the fusion that was taken.
    public let fusion: String
    /// Why, in a sentence.
    public let reason: String
    /// The fusions that were tried, the first the one that others have to beat; empty where nothing could be tried.
    public let trials: [Trial]
    /// How many rows of the train split were held out in turn.
    public let rows: Int
    /// In how many parts they were held out.
    public let folds: Int

    /// What was tried beside what was taken, in a line; empty where nothing else was.
    public var summary: String {
        let others = trials.map { "\($0.fusion) \(String(format: "%.4f", $0.loss))" }.joined(separator: ", ")
        let tried =
            trials.isEmpty ? "" : " (held-out loss on \(rows) training rows, \(folds) fold\(folds > 1 ? "s" : ""): \(others))"
        return "fusion: \(fusion), \(reason)\(tried)"
    }

    /// Takes the fusion of least loss, but the first one where the difference is within its own standard error (the rule of one standard error,
    /// Breiman et al. 1984): what is simplest stays until something is clearly better.
    ///
    /// - Parameter trials: At least one.
    static func best(of trials: [Trial], rows: Int, folds: Int, note: String) -> FusionChoice {
        let first = trials[0]
        let best = trials.dropFirst().filter { $0.gain > $0.error }.max { $0.gain < $1.gain }
        let reason =
            if let best {
                "whose loss on held-out rows is \(String(format: "%.4f ± %.4f", best.gain, best.error)) less than \(first.fusion)'s"
            } else if trials.count == 1 {
                "the only one tried"
            } else {
                "which none of the others beats by more than a standard error"
            }
        return FusionChoice(
            fusion: best?.fusion ?? first.fusion, reason: reason + note, trials: trials, rows: rows, folds: folds)
    }
}
