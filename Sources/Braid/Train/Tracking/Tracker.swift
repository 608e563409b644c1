internal import Foundation

/// A tool that people watch trainings with. One more is a file with a type, and a line in `Tracking`.
protocol Tracker: AnyObject {
    /// What messages call it.
    var name: String { get }
    /// Whether a training that it fails is to go on: of a service elsewhere, and not of files in the run folder.
    var isRemote: Bool { get }
    /// Takes an epoch's figures.
    func log(_ record: EpochRecord) throws
    /// Takes what came of the training.
    func finish(_ end: TrackedEnd) throws
    /// Hears that the training ends before its time; it may go on later.
    func abandon()
}

/// What a tracker is told of a training at its beginning.
struct TrackedRun {
    let folder: RunFolder
    /// The keys that act, and what they say; paths lead from the run folder.
    let parameters: [(name: String, value: String)]
    /// Names and values of what is not a key.
    let facts: [(name: String, value: String)]
    let resumes: Bool
}

/// What came of a training.
struct TrackedEnd {
    /// The optimizer step of the best epoch.
    let step: Int
    /// What the model says of the test split; nil where there is none.
    let test: Predictions?
    /// Some of the test split's samples, by number, and their fused embeddings, `[N][D]`; nil where there are none.
    let embeddings: (rows: [Int], values: [[Float]])?
    /// What reports are made of, to be kept beside the figures.
    let files: [URL]
}

/// The trackers of a training.
final class Tracking {
    private var trackers: [any Tracker]
    private let reporter: any Reporter

    /// - Throws: `BraidError` where a service that the configuration names does not answer.
    init(_ settings: TrackingSettings, _ run: TrackedRun, _ reporter: any Reporter) throws {
        self.reporter = reporter
        trackers = [TensorBoardTracker(run.folder.url)]
        if let mlflow = try MLflowTracker(settings, run) { trackers.append(mlflow) }
    }

    func log(_ record: EpochRecord) throws { try each("epoch \(record.epoch)") { try $0.log(record) } }

    func finish(_ end: TrackedEnd) throws { try each("the end") { try $0.finish(end) } }

    func abandon() { for tracker in trackers { tracker.abandon() } }

    /// A service that fails is left alone from then on: the run folder has everything all the same.
    private func each(_ what: String, _ act: (any Tracker) throws -> Void) throws {
        for tracker in trackers {
            do { try act(tracker) } catch  where tracker.isRemote {
                reporter.note("warning: \(tracker.name) is not told of \(what) and what follows: \(error)")
                trackers.removeAll { $0 === tracker }
            }
        }
    }
}

extension EpochRecord {
    /// Its figures by the names that trackers show.
    var scalars: [(name: String, value: Double)] {
        var scalars: [(String, Double?)] = [
            ("loss/train", trainLoss), ("loss/val", valLoss), ("learning_rate", learningRate),
        ]
        scalars += val.sorted { $0.key < $1.key }.map { ("val/\($0.key)", $0.value) }
        scalars += figures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return scalars.compactMap { name, value in value.map { (name, $0) } }
    }
}
