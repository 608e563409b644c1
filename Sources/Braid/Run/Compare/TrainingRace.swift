internal import Torch

/// Trains recipes seed after seed, several trainings at a time, each on one thread and with a generator of its own, so that figures do not
/// depend on how many there are. A recipe that is behind on val beyond doubt is given up: further seeds would not bring it back.
struct TrainingRace {
    let candidates: [Candidate]
    let metric: Metric
    let embedded: SharedEmbeddings
    /// How trainings run beside each other.
    let sideBySide: SideBySide
    /// Whether recipes are given up.
    let givesUp: Bool
    let reporter: any Reporter

    struct Candidate {
        let name: String
        let configuration: Configuration
        /// Fusions race fusions, single modalities each other.
        let isSingle: Bool
    }

    /// Seeds that every recipe is trained with.
    private static let fewest = 2
    /// A recipe is given up where chance explains its lag with less than this: stricter than a verdict, since many recipes are compared.
    private static let level = 0.01

    /// By candidate, a training a seed; fewer than there are seeds where one was given up.
    func run(_ seeds: [Int]) throws -> [[ComparedTraining]] {
        var found: [[ComparedTraining]] = candidates.map { _ in [] }
        var running = Array(candidates.indices)
        let progress = SharedProgress(reporter.begin("comparing", total: candidates.count * seeds.count))
        var done = 0
        while done < seeds.count {
            let round = givesUp ? seeds[done..<min(seeds.count, max(done + 1, Self.fewest))] : seeds[done...]
            let work = running.flatMap { candidate in round.map { (candidate, $0) } }
            // Trainings only read what is embedded.
            nonisolated(unsafe) let embedded = embedded
            let trained = try sideBySide(work.count) { [candidates, metric, reporter] number in
                try reporter.checkStopping()
                defer { progress.advance() }
                return try ComparedTraining(candidates[work[number].0].configuration, seed: work[number].1, metric, embedded)
            }
            for (task, training) in zip(work, trained) { found[task.0].append(training) }
            done += round.count
            if givesUp, done < seeds.count {
                let kept = try running.filter { try !isHopeless($0, among: running, found) }
                progress.advance(by: (running.count - kept.count) * (seeds.count - done))
                running = kept
            }
        }
        progress.finish()
        return found
    }

    /// Whether the best of the candidate's kind is better on val, beyond doubt.
    private func isHopeless(_ candidate: Int, among running: [Int], _ found: [[ComparedTraining]]) throws -> Bool {
        let rivals = running.filter { candidates[$0].isSingle == candidates[candidate].isSingle }
        let figure = { (index: Int) in found[index].reduce(0) { $0 + $1.run.val } * (metric.isBetterWhenHigher ? 1 : -1) }
        guard let leader = rivals.filter({ figure($0).isFinite }).max(by: { figure($0) < figure($1) }), leader != candidate else {
            return false
        }
        let (own, best) = (found[candidate].compactMap(\.val), found[leader].compactMap(\.val))
        guard own.count == best.count, !own.isEmpty else { return false }
        let verdict = try Verdict.compare(own, best, metric)
        return verdict.judgement == .worse && verdict.p ?? 1 < Self.level
    }
}
