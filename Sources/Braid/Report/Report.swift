internal import Foundation
internal import Torch

/// Writes what an evaluation found: `report.txt`, `report.html`, `predictions.csv` and `confusion.csv`.
public struct Report {
    let predictions: Predictions
    let confusion: ConfusionMatrix
    let title: String
    let history: [EpochRecord]
    let ablation: Ablation?

    /// - Parameters:
    ///   - history: Epochs to draw; none where only an evaluation was made.
    ///   - ablation: Subsets of modalities to draw.
    public init(_ predictions: Predictions, title: String, history: [EpochRecord] = [], ablation: Ablation? = nil) throws {
        self.predictions = predictions
        confusion = try predictions.confusion()
        self.title = title
        self.history = history
        self.ablation = ablation
    }

    /// The classification report.
    public var text: String { confusion.report }

    public func write(to run: RunFolder) throws {
        do { try FileManager.default.createDirectory(at: run.url, withIntermediateDirectories: true) } catch {
            throw BraidError(.cannotCreate, "\(run.url.path) cannot be created: \(error.localizedDescription)")
        }
        try AtomicFile.write(text + (ablation.map { "\n" + $0.table } ?? ""), to: run.file("report.txt"))
        try AtomicFile.write(predictions.csv, to: run.file("predictions.csv"))
        try AtomicFile.write(confusion.csv, to: run.file("confusion.csv"))
        try AtomicFile.write(html, to: run.file("report.html"))
    }
}

extension ConfusionMatrix {
    /// Rows: true classes. Columns: predicted ones.
    var csv: String {
        let header = (["true \\ predicted"] + labels).map(DelimitedText.quoted).joined(separator: ",")
        let rows = zip(labels, counts).map { label, row in
            ([DelimitedText.quoted(label)] + row.map(String.init)).joined(separator: ",")
        }
        return ([header] + rows).joined(separator: "\n") + "\n"
    }
}
