/// What a training has found out beside the model itself: what it chose, and what speaks for it. Outcomes, reports and records carry it as one.
public struct TrainingFindings: Sendable {
    /// Which fusion was taken and why, where the configuration left that to training.
    public internal(set) var choice: FusionChoice?
    /// What cross-validation says of the recipe, where the configuration asks for it.
    public internal(set) var evaluation: CrossEvaluation?
    /// What the model's weights are an average of.
    public internal(set) var averages = AveragingRecord()
    /// How it was adapted to a target domain, where the configuration names one.
    public internal(set) var adaptation: AdaptationRecord?
    /// How each stage's model does on each stage's test rows, where the training went on from an earlier run.
    public internal(set) var stages: StageReport?

    /// None.
    public init() {}

    /// What `report.txt` shows of it, in this order.
    public var tables: [String] {
        let parts = [choice.map { $0.summary + "\n" }, evaluation?.table, adaptation?.table, stages?.table]
        return parts.compactMap { $0 } + averages.summary.map { $0 + "\n" }
    }
}
