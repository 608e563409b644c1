/// Which pairs there are in a pass, as in SetFit: how many of samples that are alike, and how many of others.
public struct PairSampling: Sendable, Equatable {
    /// How the two kinds are weighed out.
    public enum Strategy: String, CaseIterable, Sendable {
        /// Of each kind as many as there are of the more frequent one, the others again and again.
        case oversampling
        /// Of each kind as many as there are of the less frequent one.
        case undersampling
        /// Every pair once.
        case unique
    }

    /// How the two kinds are weighed out, where no number is given.
    public let strategy: Strategy
    /// Pairs of each kind a sample, whatever the strategy; nil: as that says.
    public let iterations: Int?

    /// Makes one from its parts.
    public init(_ strategy: Strategy = .oversampling, iterations: Int? = nil) {
        (self.strategy, self.iterations) = (strategy, iterations)
    }

    /// Reads the keys under `path`.
    init(_ reader: inout ConfigurationReader, _ path: String) {
        let each = reader.int(
            "\(path).iterations", 0, 0...1_000_000,
            "Pairs of each kind a sample in a pass, for example 20: SetFit's num_iterations. 0: as sampling says.")
        iterations = each > 0 ? each : nil
        strategy = reader.choice(
            "\(path).sampling", .oversampling,
            "Which pairs a pass has: oversampling, all of the more frequent kind and as many of the other; undersampling, as many of each as the less frequent kind has; unique, each pair once.",
            records: each == 0)
        reader.refuse("\(path).sampling", unless: each == 0, "does not act beside \(path).iterations; leave one of them out")
    }

    /// How many pairs of each kind a pass has, of `samples` samples and of so many pairs to draw from.
    func counts(samples: Int, alike: Int, different: Int) -> (alike: Int, different: Int) {
        if let iterations { return (iterations * samples, iterations * samples) }
        return switch strategy {
        case .oversampling: (max(alike, different), max(alike, different))
        case .undersampling: (min(alike, different), min(alike, different))
        case .unique: (alike, different)
        }
    }
}
