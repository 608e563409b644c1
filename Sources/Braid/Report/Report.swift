internal import Foundation
internal import Torch

/// Writes what an evaluation found: `report.txt`, `report.html`, `predictions.csv`, of heads with classes `classes.csv`, of those whose classes
/// exclude each other `confusion.csv`, and of an ablation `ablation.csv`, `missing-rates.csv` and `imbalanced-rates.csv`.
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
    let source: ReportSource?

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
    ///   - source: Where the figures come from; nil: the page does not say.
    public init(
        _ predictions: Predictions, title: String, history: [EpochRecord] = [], ablation: Ablation? = nil,
        missingRates: MissingRates? = nil, imbalanced: ImbalancedRates? = nil, learning: ModalityLearning? = nil,
        rows: RowUse? = nil, findings: TrainingFindings = TrainingFindings(), question: ZeroShotQuestion? = nil,
        source: ReportSource? = nil
    ) {
        (self.question, self.source) = (question, source)
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
        for head in predictions.heads where head.target.form != .number {
            let name = predictions.heads.count > 1 ? "classes-\(head.target.name).csv" : "classes.csv"
            if let classes = try ClassFigures.all(head.labelled()) { try AtomicFile.write(classes.csv, to: run.file(name)) }
        }
        if let ablation { try AtomicFile.write(ablation.csv, to: run.file("ablation.csv")) }
        if let missingRates { try AtomicFile.write(missingRates.csv, to: run.file("missing-rates.csv")) }
        if let imbalanced { try AtomicFile.write(imbalanced.csv, to: run.file("imbalanced-rates.csv")) }
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
