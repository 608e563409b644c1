internal import Torch

/// Makes the tests of a `Drift`, and corrects their p-values together.
struct DriftComparison {
    let inference: Inference
    let reference: DriftReference
    /// Every new row; the inference has some of them.
    let all: [Sample]
    let options: Drift.Options

    private var model: FusionModel { inference.model }
    private var heads: [(index: Int, target: Target)] {
        model.targets.enumerated().filter { $0.element.form == .classes }.map { ($0.offset, $0.element) }
    }

    /// The most tests there can be.
    private var tests: Int { 3 * model.modalities.count + 2 + heads.count }
    /// Enough permutations for the smallest p-value to pass Holm's first step twice over.
    private var draws: Int { max(999, Int((2 * Double(tests) / options.alpha).rounded(.up))) }

    /// The tests of one table of embeddings.
    private struct Compared {
        let name: String
        let rows: (reference: Int, new: Int)
        let reason: String?
        let tests: (kernel: KernelTest, classifier: ClassifierTest)?
    }

    /// What is known of a head's classes.
    private struct Classes {
        let name: String
        let p: Double?
        let shift: LabelShift?
        let reason: String?
        /// Of the predicted classes, how far apart their shares lie.
        let distance: Double
    }

    func callAsFunction() throws -> Drift {
        let samples = inference.samples
        let embedded = try model.embedded(inference.dataset)
        let predictions = try inference.predict()
        let units = Self.numbers(samples)
        var compared = try zip(model.modalities, embedded.modalities).map { modality, values in
            try compare(modality.rawValue, values, samples.indices.filter { samples[$0].has(modality) }, units)
        }
        compared.append(try compare(DriftReference.fused, embedded.fused, Array(samples.indices), units))
        let missing = model.modalities.map { modality in
            let known = reference.statistics
            let (before, after) = (known.present[modality.rawValue] ?? 0, all.count { $0.has(modality) })
            return (
                name: modality.rawValue, before: 1 - Double(before) / Double(known.rows),
                after: 1 - Double(after) / Double(all.count), p: FisherExact.p(before, of: known.rows, after, of: all.count)
            )
        }
        let classes = try heads.map { try shift(predictions.heads[$0.index], $0.target, units) }
        guard compared.contains(where: { $0.tests != nil }) else {
            throw BraidError(
                .badData,
                "too few rows to tell anything: " + compared.map { "\($0.name): \($0.reason ?? "")" }.joined(separator: "; "))
        }
        let found = compared.flatMap { $0.tests.map { [$0.kernel.p, $0.classifier.p] } ?? [] }
        var adjusted = Holm.adjusted(found + missing.map(\.p) + classes.compactMap(\.p))[...]
        return Drift(
            rows: Drift.Rows(
                reference: reference.statistics.splits, new: all.count, embedded: samples.count, leftOut: inference.rowUse?.leftOut),
            embeddings: compared.map { finding($0, &adjusted) },
            missing: missing.map { one in
                let p = adjusted.popFirst() ?? 1
                let state = DriftState(p: p, alpha: options.alpha, matters: abs(one.after - one.before) >= options.smallest)
                return MissingDrift(
                    name: one.name, before: one.before, after: one.after, p: one.p, adjustedP: p, state: state)
            },
            classes: classes.map { finding($0, &adjusted) }, accuracy: try predictions.heads.compactMap(accuracy), options)
    }

    /// The units of samples, as numbers.
    private static func numbers(_ samples: [Sample]) -> [Int] {
        var known: [String: Int] = [:]
        return samples.map { sample in
            let number = known[sample.unit] ?? known.count
            known[sample.unit] = number
            return number
        }
    }

    /// - Parameters:
    ///   - values: `[N, D]` of all samples.
    ///   - places: The samples that have them.
    private func compare(_ name: String, _ values: Tensor, _ places: [Int], _ units: [Int]) throws -> Compared {
        let part = reference.parts[name]
        let counts = (part?.units.count ?? 0, places.count)
        func untested(_ reason: String) -> Compared { Compared(name: name, rows: counts, reason: reason, tests: nil) }
        guard let part else {
            return untested("the model keeps no rows to compare with: too few have it that the model has not learnt from")
        }
        guard places.count >= DriftReference.fewest else {
            return untested("\(counted(places.count, "new row")) to compare; \(DriftReference.fewest) are needed")
        }
        guard part.rows.shape[1] == values.shape[1] else {
            throw BraidError(.badData, "\(DriftReference.fileName): \(name) is not of this model's encoder")
        }
        let order = try Tensor(places.map(Int64.init), shape: [places.count])
        let new = try values.moved(to: .cpu).rows(order)
        let x = try Tensor.concatenate([part.rows.converted(to: .float64), new.converted(to: .float64)], 0)
        let sides = try PermutedSides(
            reference: part.units, new: places.map { units[$0] }, draws: draws, seed: UInt64(options.seed))
        return try withoutGradient {
            Compared(name: name, rows: counts, reason: nil, tests: (try KernelTest(x, sides), try ClassifierTest(x, sides)))
        }
    }

    private func shift(_ predictions: HeadPredictions, _ target: Target, _ units: [Int]) throws -> Classes {
        guard let known = reference.statistics.heads.first(where: { $0.name == target.name && $0.classes == target.classes }),
            let part = reference.parts[DriftReference.fused], known.predicted.count == part.units.count
        else {
            return Classes(
                name: target.name, p: nil, shift: nil,
                reason: "the model keeps no answers to compare with: it has learnt from all rows of its training but too few",
                distance: 0)
        }
        let count = target.classes.count
        let predicted = predictions.values.map(\.likeliest)
        let sides = try PermutedSides(reference: part.units, new: units, draws: draws, seed: UInt64(options.seed))
        let p = try PredictedClasses.p(known.predicted + predicted, classes: count, sides)
        let shares = [known.predicted, predicted].map { classes in
            (0..<count).map { index in Double(classes.count { $0 == index }) / Double(classes.count) }
        }
        let counts = (0..<count).map { index in predicted.count { $0 == index } }
        let shift = LabelShift(confusion: known.confusion, predicted: counts, seed: UInt64(options.seed))
        return Classes(
            name: target.name, p: p, shift: shift,
            reason: shift == nil
                ? "shares cannot be estimated: on rows it has not learnt from the model does not tell all classes apart" : nil,
            distance: shift?.distance ?? LabelShift.distance(shares[0], shares[1]))
    }

    private func finding(_ compared: Compared, _ adjusted: inout ArraySlice<Double>) -> EmbeddingDrift {
        guard let (kernel, classifier) = compared.tests, let first = adjusted.popFirst(), let second = adjusted.popFirst() else {
            return EmbeddingDrift(
                name: compared.name, referenceRows: compared.rows.reference, newRows: compared.rows.new, state: .untested,
                reason: compared.reason, discrepancy: nil, kernelP: nil, kernelAdjustedP: nil, kernelAccuracy: nil,
                classifierP: nil, classifierAdjustedP: nil, classifierAccuracy: nil, noticedFrom: nil)
        }
        let bound = 0.5 + options.smallest
        let states = [(first, kernel.accuracy), (second, classifier.accuracy)].map { p, accuracy in
            DriftState(p: p, alpha: options.alpha, matters: accuracy >= bound)
        }
        let state = [DriftState.moved, .slight].first(where: states.contains) ?? .same
        return EmbeddingDrift(
            name: compared.name, referenceRows: compared.rows.reference, newRows: compared.rows.new, state: state, reason: nil,
            discrepancy: kernel.discrepancy, kernelP: kernel.p, kernelAdjustedP: first, kernelAccuracy: kernel.accuracy,
            classifierP: classifier.p, classifierAdjustedP: second, classifierAccuracy: classifier.accuracy,
            noticedFrom: classifier.noticed(at: options.alpha / Double(tests)))
    }

    private func finding(_ classes: Classes, _ adjusted: inout ArraySlice<Double>) -> ClassDrift {
        guard let p = classes.p, let corrected = adjusted.popFirst() else {
            return ClassDrift(
                name: classes.name, state: .untested, reason: classes.reason, p: nil, adjustedP: nil, distance: nil, shares: [])
        }
        let names = heads.first { $0.target.name == classes.name }?.target.classes ?? []
        let shares = classes.shift.map { shift in
            names.indices.map {
                ClassDrift.Share(
                    name: names[$0], before: shift.before[$0], after: shift.after[$0], lower: shift.intervals[$0].lowerBound,
                    upper: shift.intervals[$0].upperBound)
            }
        }
        return ClassDrift(
            name: classes.name,
            state: DriftState(p: corrected, alpha: options.alpha, matters: classes.distance >= options.smallest),
            reason: classes.reason, p: p, adjustedP: corrected, distance: classes.distance, shares: shares ?? [])
    }

    /// What labels say of a head; nil where no new row has one.
    private func accuracy(_ head: HeadPredictions) throws -> DriftAccuracy? {
        let labelled = head.labelled()
        let known = labelled.keeping { sample in
            sample.labels[head.target.column].map { (try? head.target.value(of: $0)) != nil } ?? false
        }
        guard !labelled.samples.isEmpty, let metric = head.target.task.standardMetrics.first else { return nil }
        let counts = reference.statistics.heads.first { $0.name == head.target.name }?.confusion ?? []
        let total = counts.joined().reduce(0, +)
        let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
        return DriftAccuracy(
            name: head.target.name, samples: known.samples.count, unknown: labelled.samples.count - known.samples.count,
            before: metric == .accuracy && total > 0 ? Double(right) / Double(total) : nil,
            after: try known.scores([metric])[metric], metric: metric.name)
    }
}
