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

    /// A fusion in an ensemble.
    public struct Member: Sendable, Codable, Equatable {
        /// What `fusion.type` calls it.
        public let fusion: String
        /// What it counts; those of all members add up to 1.
        public let share: Double
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
    /// Of an ensemble, what it is made of; else nil.
    public var members: [Member]?

    /// What was tried beside what was taken, in a line; empty where nothing else was.
    public var summary: String {
        let others = trials.map { "\($0.fusion) \(String(format: "%.4f", $0.loss))" }.joined(separator: ", ")
        let tried =
            trials.isEmpty ? "" : " (held-out loss on \(rows) training rows, \(folds) fold\(folds > 1 ? "s" : ""): \(others))"
        let made = (members ?? []).map { "\($0.fusion) \(String(format: "%.0f %%", 100 * $0.share))" }.joined(separator: ", ")
        return "fusion: \(fusion)\(made.isEmpty ? "" : " of \(made)"), \(reason)\(tried)"
    }

    /// Takes the fusion of least loss, but the first one where the difference is within its own standard error (the rule of one standard error,
    /// Breiman et al. 1984): what is simplest stays until something is clearly better.
    ///
    /// - Parameters:
    ///   - trials: At least one.
    ///   - rows: How many rows were held out.
    ///   - folds: In how many parts.
    ///   - note: What else is to be said.
    ///   - members: What the ensemble among the trials is made of.
    static func best(of trials: [Trial], rows: Int, folds: Int, note: String, members: [Member] = []) -> FusionChoice {
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
        let taken = best?.fusion ?? first.fusion
        return FusionChoice(
            fusion: taken, reason: reason + note, trials: trials, rows: rows, folds: folds,
            members: taken == FusionKind.ensemble.name ? members : nil)
    }
}

extension FusionChoice.Trial {
    /// What a fusion came to beside the first one, by the loss of each row; nil for a row without a label.
    init(_ fusion: String, _ losses: [Double?], against first: [Double?], seconds: Double) {
        let known = losses.compactMap { $0 }
        let gains = Interval(zip(first, losses).compactMap { a, b in a.flatMap { a in b.map { a - $0 } } })
        self.init(
            fusion: fusion, loss: known.reduce(0, +) / Double(max(1, known.count)), gain: gains.mean,
            error: (gains.deviation ?? 0) / Double(max(1, gains.count)).squareRoot(), seconds: seconds)
    }
}
