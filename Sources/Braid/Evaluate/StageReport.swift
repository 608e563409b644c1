internal import Foundation

/// How the models of a chain of trainings do on the test rows of each stage: what was forgotten, and what was carried over.
public struct StageReport: Sendable, Codable {
    /// What changes from one stage to the next (van de Ven et al. 2022, Nature Machine Intelligence 4).
    public enum Scenario: String, Sendable, Codable, CaseIterable {
        /// Other data of the same classes.
        case domain = "domain-incremental"
        /// New classes, which are told from all earlier ones.
        case `class` = "class-incremental"
        /// A new head, so that it is known which task a row belongs to.
        case task = "task-incremental"
    }

    /// One training of the chain.
    public struct Stage: Sendable, Codable {
        /// From 1.
        public let number: Int
        /// The manifest, relative to the run's folder; nil where it is not known.
        public let manifest: String?
        /// The head that its test rows are judged by: its own where it has brought one, else the first.
        public let head: String
        /// The classes that it has brought, by head; of the first stage all.
        public let classes: [String: [String]]
        /// What is new about it; nil of the first.
        public let scenario: Scenario?
        /// How many test rows the last model was judged on; nil where they cannot be had.
        public let rows: Int?
        /// The accuracy on its test rows of a model whose fusion and heads are drawn at random.
        public let untrained: Double?
    }

    /// `accuracy`: the share of rows whose whole answer is right; `r2` of numbers.
    public let metric: String
    /// In their order.
    public let stages: [Stage]
    /// `[i][j]`: after stage i + 1, on the test rows of stage j + 1; nil where nobody has looked.
    public let matrix: [[Double?]]
    /// What follows of them.
    public let scores: ContinualScores
    /// Why something is not known.
    public let remarks: [String]

    init(metric: String, stages: [Stage], matrix: [[Double?]], remarks: [String]) {
        (self.metric, self.stages, self.matrix, self.remarks) = (metric, stages, matrix, remarks)
        scores = ContinualScores(matrix: matrix, untrained: stages.map(\.untrained))
    }

    /// What changes between its stages, in words.
    public var scenario: String {
        let kinds = Scenario.allCases.filter { kind in stages.contains { $0.scenario == kind } }
        guard kinds.count > 1 else { return kinds.first?.rawValue ?? "a single stage" }
        return kinds.map { kind in
            let numbers = stages.filter { $0.scenario == kind }.map { "\($0.number)" }
            return "\(kind.rawValue) (stage \(numbers.joined(separator: ", ")))"
        }.joined(separator: " and ")
    }

    /// The figures with what they are.
    var figures: [(name: String, value: Double?, meaning: String)] {
        [
            ("average \(metric)", scores.averageAccuracy, "mean over stages, of the last model"),
            ("forgetting", scores.forgetting, "lost on earlier stages since each was trained"),
            ("backward transfer", scores.backwardTransfer, "what later stages did to earlier ones"),
            ("forward transfer", scores.forwardTransfer, "on a stage before it is trained, above a random head"),
        ]
    }

    /// A table for a terminal.
    public var table: String {
        let width = 10
        var lines = ["Stages: \(scenario). \(metric) on the test rows of each stage:", ""]
        lines.append(
            TextTable.leading("after", width) + stages.map { TextTable.trailing("stage \($0.number)", width) }.joined())
        lines.append(String(repeating: "─", count: width * (stages.count + 1)))
        for (stage, row) in zip(stages, matrix) {
            let cells = row.map { TextTable.trailing($0.map(Self.text) ?? "-", width) }
            lines.append(TextTable.leading("stage \(stage.number)", width) + cells.joined())
        }
        let counts = stages.map { TextTable.trailing($0.rows.map(String.init) ?? "-", width) }
        lines += [TextTable.leading("rows", width) + counts.joined(), ""]
        for figure in figures {
            lines.append(
                TextTable.leading(figure.name, 18) + TextTable.trailing(figure.value.map(Self.text) ?? "-", 8) + "   "
                    + figure.meaning)
        }
        return (lines + (remarks.isEmpty ? [] : [""] + remarks)).joined(separator: "\n") + "\n"
    }

    static func text(_ value: Double) -> String { String(format: "%.4f", abs(value) < 5e-5 ? 0 : value) }
}
