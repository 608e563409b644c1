extension HeadPredictions {
    /// What was said of the samples beside their labels.
    ///
    /// - Throws: `BraidError` where a sample has no label for the head, or one that the model does not know.
    public func answers() throws -> Answers {
        let labels = try LabelledValues(samples, target, source)
        let faults = zip(samples, labels.isKnown).filter { !$0.1 }.map {
            Fault("has no label", file: source, line: $0.0.line, field: target.column)
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        switch target.form {
        case .classes:
            return .classes(
                ClassAnswers(labels: target.classes, truth: labels.indices, values: values, positive: target.task.positive))
        case .flags: return .flags(FlagAnswers(labels: target.classes, truth: labels.flags, values: values))
        case .number: return .number(RegressionScores(truth: labels.numbers, predicted: values.map { Double($0[0]) }))
        }
    }

    /// The confusion matrix of a head whose answers are classes that exclude each other.
    ///
    /// - Throws: `BraidError` where a sample has no label, or answers are of another form.
    public func confusion() throws -> ConfusionMatrix {
        guard case .classes(let answers) = try answers() else {
            throw BraidError(.usage, "head \(target.name) has no confusion matrix: its answers are not one of several classes")
        }
        return answers.confusion
    }

    /// Several figures at once, by metric; those that are undefined (AUROC of a single class) are left out. The loss is not a head's.
    public func scores(_ metrics: [Metric]) throws -> [Metric: Double] {
        guard !samples.isEmpty else { return [:] }
        let answers = try answers()
        return Dictionary(uniqueKeysWithValues: metrics.compactMap { metric in metric.compute(answers).map { (metric, $0) } })
    }
}

extension Predictions {
    /// Every head's standard figures by name, with several heads behind `HEAD.`; and one more of one head.
    func scores(also extra: (head: String, metric: Metric)? = nil) throws -> [String: Double] {
        try named { target in
            var metrics = target.task.standardMetrics
            if let extra, extra.head == target.name, extra.metric != .loss, !metrics.contains(extra.metric) {
                metrics.append(extra.metric)
            }
            return metrics
        }
    }

    /// Every figure of every head, by `METRIC`, or `HEAD.METRIC` where there are several heads.
    public func allScores() throws -> [String: Double] { try named(\.allMetrics) }

    private func named(_ metrics: (Target) -> [Metric]) throws -> [String: Double] {
        var named: [String: Double] = [:]
        for head in heads {
            let prefix = heads.count > 1 ? "\(head.target.name)." : ""
            for (metric, value) in try head.labelled().scores(metrics(head.target)) { named[prefix + metric.name] = value }
        }
        return named
    }
}
