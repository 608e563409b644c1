internal import Foundation

/// A figure of how good answers are: what early stopping, comparisons and tables go by.
///
/// One more is a static value and its name in `registry`; from another target, `Metric.registry.register(…)`.
public struct Metric: Registrable, Hashable {
    /// What errors call one of them.
    public static let noun = "a metric"

    /// What configurations and records call it, for example `macro_f1`.
    public let name: String
    /// What tables call it.
    public let title: String
    /// Whether more is better.
    public let isBetterWhenHigher: Bool
    /// Whether it is a share, whose differences are read as points of a hundred.
    public let isShare: Bool
    /// The forms of labels that it says something of.
    public let forms: Set<LabelForm>
    /// Whether tables show it as a percentage; other figures have four decimal places.
    let isPercentage: Bool
    /// The figure; nil where it is undefined, as AUROC is of a single class.
    let compute: @Sendable (Answers) -> Double?

    /// - Parameters:
    ///   - name: Unique among all metrics.
    ///   - title: What tables call it.
    ///   - isBetterWhenHigher: Whether more is better.
    ///   - isShare: Whether it is a share, whose differences are read as points of a hundred.
    ///   - isPercentage: Whether tables show it as a percentage; other figures have four decimal places.
    ///   - forms: Those for which `compute` gives a figure.
    ///   - compute: The figure of a head's answers; nil where it is undefined.
    public init(
        name: String, title: String, isBetterWhenHigher: Bool = true, isShare: Bool = false, isPercentage: Bool = false,
        forms: Set<LabelForm>, compute: @escaping @Sendable (Answers) -> Double?
    ) {
        (self.name, self.title, self.isBetterWhenHigher) = (name, title, isBetterWhenHigher)
        (self.isShare, self.isPercentage, self.forms, self.compute) = (isShare, isPercentage, forms, compute)
    }

    /// Two metrics of one name are one.
    public static func == (left: Metric, right: Metric) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// A value as tables show it.
    public func text(_ value: Double) -> String {
        isPercentage ? String(format: "%.2f %%", 100 * value) : String(format: "%.4f", value)
    }

    /// Whether `value` is better than `other`.
    func isBetter(_ value: Double, than other: Double) -> Bool { isBetterWhenHigher ? value > other : value < other }

    /// Every metric there is, in the order that lists give them.
    public static let registry = Registry<Metric>([
        .accuracy, .macroF1, .microF1, .weightedF1, .auroc, .averagePrecision, .brier, .ece, .mae, .rmse, .r2, .spearman, .loss,
    ])
}

extension Metric {
    /// A figure of classes and of flags.
    private init(
        _ name: String, _ title: String, lower: Bool = false, share: Bool = true, percent: Bool = false,
        classes: @escaping @Sendable (ClassAnswers) -> Double?, flags: @escaping @Sendable (FlagAnswers) -> Double?
    ) {
        self.init(
            name: name, title: title, isBetterWhenHigher: !lower, isShare: share, isPercentage: percent, forms: [.classes, .flags]
        ) { answers in
            switch answers {
            case .classes(let answers): classes(answers)
            case .flags(let answers): flags(answers)
            case .number: nil
            }
        }
    }

    /// A figure of numbers.
    private init(_ name: String, _ title: String, lower: Bool, number: @escaping @Sendable (RegressionScores) -> Double?) {
        self.init(name: name, title: title, isBetterWhenHigher: !lower, forms: [.number]) { answers in
            if case .number(let scores) = answers { number(scores) } else { nil }
        }
    }

    /// `accuracy_score` of scikit-learn: of flags, the share of samples whose classes are all right.
    public static let accuracy = Metric(
        "accuracy", "accuracy", percent: true, classes: \.confusion.accuracy, flags: \.scores.accuracy)
    /// `f1_score(average="macro")` of scikit-learn.
    public static let macroF1 = Metric("macro_f1", "macro F1", classes: \.confusion.macro.f1, flags: \.scores.macro.f1)
    /// `f1_score(average="micro")` of scikit-learn.
    public static let microF1 = Metric("micro_f1", "micro F1", classes: \.confusion.micro.f1, flags: \.scores.micro.f1)
    /// `f1_score(average="weighted")` of scikit-learn.
    public static let weightedF1 = Metric(
        "weighted_f1", "weighted F1", classes: \.confusion.weighted.f1, flags: \.scores.weighted.f1)
    /// `roc_auc_score` of scikit-learn: of the positive class where there is one, else the mean over classes.
    public static let auroc = Metric(
        "auroc", "AUROC", classes: { $0.rank(Ranking.auroc, Ranking.macroAUROC) },
        flags: { Ranking.macroAUROC(scores: $0.probabilities, truth: $0.truth) })
    /// `average_precision_score` of scikit-learn: of the positive class where there is one, else the mean over classes.
    public static let averagePrecision = Metric(
        "average_precision", "average precision", classes: { $0.rank(Ranking.averagePrecision, Ranking.macroAveragePrecision) },
        flags: { Ranking.macroAveragePrecision(scores: $0.probabilities, truth: $0.truth) })
    /// `brier_score_loss` of scikit-learn.
    public static let brier = Metric(
        "brier", "Brier score", lower: true, share: false,
        classes: { CalibrationScores.brier(probabilities: $0.probabilities, truth: $0.truth) },
        flags: { CalibrationScores.brier(probabilities: $0.probabilities, flags: $0.truth) })
    /// The expected calibration error over 15 bins (Guo et al. 2017, arXiv:1706.04599).
    public static let ece = Metric(
        "ece", "ECE", lower: true, share: false,
        classes: { CalibrationScores.ece(probabilities: $0.probabilities, truth: $0.truth) },
        flags: { CalibrationScores.ece(probabilities: $0.probabilities, flags: $0.truth) })
    /// `mean_absolute_error` of scikit-learn.
    public static let mae = Metric("mae", "MAE", lower: true, number: \.mae)
    /// `root_mean_squared_error` of scikit-learn.
    public static let rmse = Metric("rmse", "RMSE", lower: true, number: \.rmse)
    /// `r2_score` of scikit-learn.
    public static let r2 = Metric("r2", "R²", lower: false, number: \.r2)
    /// SciPy's `spearmanr`.
    public static let spearman = Metric("spearman", "spearman", lower: false, number: \.spearman)
    /// The validation loss. It is the model's and not a head's, so that no answers give it.
    public static let loss = Metric(
        name: "loss", title: "loss", isBetterWhenHigher: false, forms: Set(LabelForm.allCases), compute: { _ in nil })
}

extension ClassAnswers {
    /// Of the positive class its own figure, else the mean over classes.
    fileprivate func rank(
        _ one: ([Double], [Bool]) -> Double?, _ mean: ([[Double]], [[Bool]]) -> Double?
    ) -> Double? {
        guard let positive else { return mean(probabilities, flags) }
        return one(values.map { Double($0[positive]) }, truth.map { $0 == positive })
    }
}

extension Target {
    /// Every figure there is of such a head, the loss not among them.
    var allMetrics: [Metric] { Metric.registry.all.filter { $0 != .loss && $0.forms.contains(form) } }
}
