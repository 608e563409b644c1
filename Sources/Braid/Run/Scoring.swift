extension HeadPredictions {
    /// Labels as class numbers, flags or numbers.
    ///
    /// - Throws: `BraidError` where a sample has no label for the head, or one that the model does not know.
    func truth() throws -> LabelledValues {
        let labels = try LabelledValues(samples, target, source)
        let faults = zip(samples, labels.isKnown).filter { !$0.1 }.map {
            Fault("has no label", file: source, line: $0.0.line, field: target.column)
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        return labels
    }

    /// Against the samples' labels, of a multiclass or binary head.
    public func confusion() throws -> ConfusionMatrix {
        ConfusionMatrix(labels: target.classes, truth: try truth().indices, predicted: predicted)
    }

    /// Against the samples' labels, of a multilabel head.
    public func multilabelScores() throws -> MultilabelScores {
        MultilabelScores(labels: target.classes, truth: try truth().flags, predicted: predictedFlags)
    }

    /// Against the samples' labels, of a regression head.
    public func regressionScores() throws -> RegressionScores {
        RegressionScores(truth: try truth().numbers, predicted: values.map { Double($0[0]) })
    }

    /// How often answers are right, by how sure they are.
    func reliability() throws -> [CalibrationScores.Bin] {
        target.task == .multilabel
            ? CalibrationScores.reliability(probabilities: doubles, flags: try truth().flags)
            : CalibrationScores.reliability(probabilities: doubles, truth: try truth().indices)
    }

    private var doubles: [[Double]] { values.map { $0.map(Double.init) } }

    /// Several figures at once; those that are undefined (AUROC of a single class) are left out. The loss is not a head's.
    public func scores(_ metrics: [MetricName]) throws -> [MetricName: Double] {
        guard !samples.isEmpty else { return [:] }
        let all: (MetricName) throws -> Double?
        switch target.task {
        case .multiclass, .binary: all = try classScores()
        case .multilabel: all = try flagScores()
        case .regression:
            let scores = try regressionScores()
            all = { metric in
                switch metric {
                case .mae: scores.mae
                case .rmse: scores.rmse
                case .r2: scores.r2
                case .spearman: scores.spearman
                default: nil
                }
            }
        }
        return Dictionary(uniqueKeysWithValues: try metrics.compactMap { metric in try all(metric).map { (metric, $0) } })
    }

    private func classScores() throws -> (MetricName) throws -> Double? {
        let confusion = try confusion()
        let truth = try truth().indices
        return { [self] metric in
            switch metric {
            case .accuracy: confusion.accuracy
            case .macroF1: confusion.macro.f1
            case .microF1: confusion.micro.f1
            case .weightedF1: confusion.weighted.f1
            case .auroc: rank(truth, Ranking.auroc, Ranking.macroAUROC)
            case .averagePrecision: rank(truth, Ranking.averagePrecision, Ranking.macroAveragePrecision)
            case .brier: CalibrationScores.brier(probabilities: doubles, truth: truth)
            case .ece: CalibrationScores.ece(probabilities: doubles, truth: truth)
            default: nil
            }
        }
    }

    /// Of a binary head the positive class's figure, of a multiclass one the mean over classes.
    private func rank(
        _ truth: [Int], _ binary: ([Double], [Bool]) -> Double?, _ macro: ([[Double]], [[Bool]]) -> Double?
    ) -> Double? {
        if target.task == .binary { return binary(values.map { Double($0[1]) }, truth.map { $0 == 1 }) }
        return macro(doubles, truth.map { index in target.classes.indices.map { $0 == index } })
    }

    private func flagScores() throws -> (MetricName) throws -> Double? {
        let scores = try multilabelScores()
        let truth = try truth().flags
        return { [self] metric in
            switch metric {
            case .accuracy: scores.accuracy
            case .macroF1: scores.macro.f1
            case .microF1: scores.micro.f1
            case .weightedF1: scores.weighted.f1
            case .auroc: Ranking.macroAUROC(scores: doubles, truth: truth)
            case .averagePrecision: Ranking.macroAveragePrecision(scores: doubles, truth: truth)
            case .brier: CalibrationScores.brier(probabilities: doubles, flags: truth)
            case .ece: CalibrationScores.ece(probabilities: doubles, flags: truth)
            default: nil
            }
        }
    }
}

extension TaskKind {
    /// What a table shows of such a head, the figure it goes by first.
    var standardMetrics: [MetricName] {
        switch self {
        case .multiclass, .binary: [.accuracy, .macroF1, .weightedF1]
        case .multilabel: [.microF1, .macroF1, .weightedF1, .accuracy]
        case .regression: [.r2, .rmse, .mae]
        }
    }

    /// Every figure there is of such a head.
    var allMetrics: [MetricName] { MetricName.allCases.filter { $0 != .loss && $0.applies(to: self) } }
}

extension Predictions {
    /// Every head's standard figures by name, with several heads behind `HEAD.`; and one more of one head.
    func scores(also extra: (head: String, metric: MetricName)? = nil) throws -> [String: Double] {
        var named: [String: Double] = [:]
        for head in heads {
            var metrics = head.target.task.standardMetrics
            if let extra, extra.head == head.target.name, extra.metric != .loss, !metrics.contains(extra.metric) {
                metrics.append(extra.metric)
            }
            let prefix = heads.count > 1 ? "\(head.target.name)." : ""
            for (metric, value) in try head.labelled().scores(metrics) { named[prefix + metric.rawValue] = value }
        }
        return named
    }

    /// Every figure of every head, named likewise.
    public func allScores() throws -> [String: Double] {
        var named: [String: Double] = [:]
        for head in heads {
            let prefix = heads.count > 1 ? "\(head.target.name)." : ""
            for (metric, value) in try head.labelled().scores(head.target.task.allMetrics) {
                named[prefix + metric.rawValue] = value
            }
        }
        return named
    }
}
