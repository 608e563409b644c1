internal import Foundation

/// The rows that may be learnt from, in an order a draw and class: with more labels a draw keeps those it had.
struct CurveDraws: Sendable {
    /// What is trained with: so many labels a class, and nil for all.
    let shots: [Int?]
    private let samples: [Sample]
    private let column: String
    private let classes: [String: [Int]]
    private let seed: Int

    /// The rows of one training.
    struct Rows: Sendable {
        /// Learnt from.
        let train: [String]
        /// What early stopping goes by, where something is trained by gradients: of the same labels.
        let val: [String]
        /// Whether val is held out of train.
        let isHeldOut: Bool

        var description: String { Fingerprint.of((train.sorted() + ["|"] + val.sorted()).joined(separator: "\n")) }
        /// Every row.
        var all: [String] { isHeldOut ? train + val : train }
    }

    /// Fewer labels a class than these are all learnt from; of more, a fifth is held out.
    private static let fewestHeldOut = 5

    /// - Throws: `BraidError` where train and val have no label.
    init(_ manifest: Manifest, _ head: HeadSettings, _ asked: Shots, seed: Int, _ reporter: any Reporter) throws {
        let column = head.column
        samples = manifest.samples.filter { $0.split != .test && $0.labels[column] != nil && $0.weight > 0 }
        (self.column, self.seed) = (column, seed)
        classes = Dictionary(grouping: samples.indices) { [samples] in samples[$0].labels[column] ?? "" }
        let most = classes.values.map(\.count).max() ?? 0
        guard most > 0 else { throw BraidError(.badData, "\(manifest.url.lastPathComponent): no row of train or val has a label") }
        let fewest = classes.values.map(\.count).min() ?? 0
        let (able, over) = (asked.few.filter { $0 <= most }, asked.few.filter { $0 > most })
        if !over.isEmpty {
            reporter.note("no class has \(over.map(String.init).joined(separator: ", ")) labels in train and val; left out")
        }
        if let last = able.last(where: { $0 > fewest }) {
            reporter.note("some classes have fewer than \(last) labels (\(fewest) at least): they give what they have")
        }
        shots = able + (asked.withAll ? [nil] : [])
        guard !shots.isEmpty else { throw BraidError(.usage, "no number of labels is left to train with") }
    }

    /// How many labels there are, all classes together.
    func labels(_ shots: Int?) -> Int { classes.values.reduce(0) { $0 + min($1.count, shots ?? .max) } }

    /// So many labels a class, of all of them in the mean.
    func perClass(_ shots: Int?) -> Double { shots.map(Double.init) ?? Double(samples.count) / Double(max(1, classes.count)) }

    /// The rows of a draw.
    func rows(_ shots: Int?, draw: Int) -> Rows {
        guard let shots else {
            let part = { (split: Split) in samples.filter { $0.split == split }.map(\.id) }
            return Rows(train: part(.train), val: part(.val), isHeldOut: true)
        }
        var (train, val): ([String], [String]) = ([], [])
        for (name, members) in classes.sorted(by: { $0.key < $1.key }) {
            // A class's order is its own, whatever other classes there are.
            var random = RandomSource(seed: Fingerprint.number("\(seed) \(draw) \(name)"))
            let chosen = members.sorted { samples[$0].id < samples[$1].id }.shuffled(using: &random).prefix(shots).map {
                samples[$0].id
            }
            let held = shots < Self.fewestHeldOut ? 0 : chosen.count / Self.fewestHeldOut
            train += chosen.dropLast(held)
            val += chosen.suffix(held)
        }
        return val.isEmpty ? Rows(train: train, val: train, isHeldOut: false) : Rows(train: train, val: val, isHeldOut: true)
    }
}
