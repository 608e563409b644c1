internal import Foundation
internal import Torch

/// Writes what an evaluation found: `report.txt`, `report.html`, `predictions.csv`, and of heads with classes that exclude
/// each other `confusion.csv`.
public struct Report {
    let predictions: Predictions
    let title: String
    let history: [EpochRecord]
    let ablation: Ablation?
    let missingRates: MissingRates?
    let imbalanced: ImbalancedRates?
    let learning: ModalityLearning?
    let rows: RowUse?
    let findings: TrainingFindings
    let question: ZeroShotQuestion?

    /// - Parameters:
    ///   - predictions: What the model says of the samples it is judged on.
    ///   - title: The heading of the page.
    ///   - history: Epochs to draw; none where only an evaluation was made.
    ///   - ablation: Subsets of modalities to draw.
    ///   - missingRates: Curves against missing modalities to draw.
    ///   - imbalanced: Figures with modalities missing at rates of their own.
    ///   - learning: How evenly the training's gradients fell on modalities; nil: as `history` has it.
    ///   - rows: What the model knew of the samples.
    ///   - findings: What the training chose, and what speaks for it.
    ///   - question: What was asked, where labels are sentences.
    public init(
        _ predictions: Predictions, title: String, history: [EpochRecord] = [], ablation: Ablation? = nil,
        missingRates: MissingRates? = nil, imbalanced: ImbalancedRates? = nil, learning: ModalityLearning? = nil,
        rows: RowUse? = nil, findings: TrainingFindings = TrainingFindings(), question: ZeroShotQuestion? = nil
    ) {
        self.question = question
        (self.rows, self.findings) = (rows, findings)
        self.predictions = predictions
        self.title = title
        self.history = history
        self.ablation = ablation
        self.missingRates = missingRates
        self.imbalanced = imbalanced
        self.learning = learning ?? ModalityLearning(history)
    }

    /// Writes the files into the folder of `run`, which is made where there is none.
    ///
    /// - Throws: `BraidError` where a label is not known to the model; `FileWriteError` where the folder cannot be made or a file cannot be written.
    public func write(to run: RunFolder) throws {
        try FileFault.makeFolder(run.url)
        let tables =
            [
                ablation?.table, missingRates?.table, imbalanced?.table, learning.map { $0.sentence + "\n" },
                rows.map { $0.sentence + "\n" }, question?.table,
            ]
            .compactMap { $0 } + findings.tables
        try AtomicFile.write(
            Printable.text(([try predictions.report()] + tables).joined(separator: "\n")), to: run.file("report.txt"))
        try AtomicFile.write(predictions.csv, to: run.file("predictions.csv"))
        for head in predictions.heads where head.target.form == .classes {
            let name = predictions.heads.count > 1 ? "confusion-\(head.target.name).csv" : "confusion.csv"
            try AtomicFile.write(head.labelled().confusion().csv, to: run.file(name))
        }
        if let missingRates { try AtomicFile.write(missingRates.csv, to: run.file("missing-rates.csv")) }
        try AtomicFile.write(html(), to: run.file("report.html"))
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
