import Braid
import Foundation

/// What `braid train --json` prints.
struct TrainingFigures: Encodable {
    /// The run's folder.
    let run: String
    /// The number of the epoch that the model is of, from 1.
    let bestEpoch: Int
    /// Whether training ended because the metric no longer improved.
    let stoppedEarly: Bool
    /// What `fusion.type` calls the model's fusion.
    let fusion: String
    /// The figures of the test split by metric; empty where there is none.
    let test: [String: Double]
    /// The figures of each epoch.
    let history: [EpochRecord]

    /// Of a run that is complete, by its files.
    init(_ folder: RunFolder) throws {
        let record = try folder.readRecord()
        (run, fusion, test) = (folder.url.path, record.fusion, record.test)
        (bestEpoch, stoppedEarly) = (record.bestEpoch, record.stoppedEarly)
        history = try folder.readHistory()
    }

    private enum CodingKeys: String, CodingKey {
        case run, fusion, test, history
        case bestEpoch = "best_epoch"
        case stoppedEarly = "stopped_early"
    }
}
