internal import Foundation
internal import Torch

/// Trains without adaptation and with each method, on embeddings of frozen encoders, and keeps what unlabelled rows of the target speak for.
struct AdaptationChooser {
    /// With a target.
    let configuration: Configuration
    let targets: [Target]
    let device: Device
    let reporter: any Reporter

    /// The most rows of a domain that a domain classifier sees.
    private static let mostRows = 2000

    /// What a training came to, before it is scored.
    private struct Tried: Sendable {
        let method: String
        /// Of the rows to adapt to, and of those that judge.
        let adapted: [[Double]]
        let judged: [HeadPredictions]
        let wrong: [Double]
        let weights: [Double]
        let distance: Double
        let source: [String: Double]
        let seconds: Double
    }

    /// - Parameters:
    ///   - encoders: The frozen encoders.
    ///   - data: Their embeddings of the source, with its target.
    ///   - judging: Those of the target's rows that judge.
    ///   - domain: Where their labels are, which are read last.
    func choose(
        _ encoders: [ModalityEncoder], _ data: SplitData, judging: BatchSource?, _ domain: AdaptationTarget
    ) throws -> AdaptationRecord {
        guard let settings = configuration.training.adaptation, let target = data.target else {
            throw BraidError(.internal, "there is no target to adapt to")
        }
        let named = settings.kind.isChoice ? settings.candidates : [settings.kind.name]
        var recipes = [(method: AdaptationRecord.none, recipe: try configuration.adapting(by: nil).tried())]
        for name in named { recipes.append((name, try configuration.adapting(by: name).tried())) }
        let progress = SharedProgress(reporter.begin("trying methods of adaptation", total: recipes.count))
        // Trainings only read what is embedded.
        nonisolated(unsafe) let data = data
        nonisolated(unsafe) let judging = judging
        let asked = recipes
        let tried = try SideBySide(on: device)(recipes.count) { number in
            defer { progress.advance() }
            return try Generator.own(seed: UInt64(configuration.training.seed), on: device) {
                try self.tried(asked[number].method, asked[number].recipe, encoders, data, judging)
            }
        }
        progress.finish()
        let trials = try score(tried, data)
        var record = AdaptationRecord.best(
            of: trials, asked: settings.kind.name, isJudged: settings.isJudged, classes: targets[0].classes.count,
            adapted: target.samples.count, judged: judging?.samples.count ?? 0)
        // Everything is chosen: labels of the target may be read now.
        if let judging {
            let samples = try domain.labelled(judging.samples, targets)
            record.judged = samples.count { !$0.labels.isEmpty }
            for (number, found) in tried.enumerated() {
                record.trials[number].target = try Predictions(found.judged, of: samples).allScores()
            }
        }
        return record
    }

    private func tried(
        _ method: String, _ recipe: Configuration, _ encoders: [ModalityEncoder], _ data: SplitData, _ judging: BatchSource?
    ) throws -> Tried {
        let started = ContinuousClock.now
        let learnt = try recipe.adapted(data) { try trained(recipe, encoders, $0) }
        let model = try trained(recipe, encoders, learnt)
        guard let target = data.target else { throw BraidError(.internal, "there is no target to adapt to") }
        // What the model has not learnt from, as what it has learnt from looks.
        let val = try learnt.val.subset(Self.spread(learnt.val.samples.count))
        let some = try target.subset(Self.spread(target.samples.count))
        let telling = try DomainClassifier(model.features(val), model.features(some), seed: UInt64(recipe.training.seed))
        let head = try model.predict(val).primary
        let labels = try LabelledValues(val.samples, targets[0], val.name)
        let known = labels.isKnown.indices.filter { labels.isKnown[$0] }
        let (classes, weights) = (labels.indices, telling.weights)
        return Tried(
            method: method, adapted: try model.predict(target).primary.values.map { $0.map(Double.init) },
            judged: try judging.map { try model.predict($0).heads } ?? [],
            wrong: known.map { head.values[$0].map(Double.init).likeliestIndex == classes[$0] ? 0 : 1 },
            weights: known.map { weights[$0] }, distance: telling.distance,
            source: try data.test.map { try model.predict($0).allScores() } ?? [:],
            seconds: (ContinuousClock.now - started) / .seconds(1))
    }

    private static func spread(_ count: Int) -> [Int] {
        count <= mostRows ? Array(0..<count) : (0..<mostRows).map { $0 * count / mostRows }
    }

    private func trained(_ recipe: Configuration, _ encoders: [ModalityEncoder], _ data: SplitData) throws -> FusionModel {
        let model = try recipe.model(encoders, targets, manifestSHA256: "", device: device)
        return try SilentTraining(recipe, model, data, device: device).model
    }

    private func score(_ tried: [Tried], _ data: SplitData) throws -> [AdaptationRecord.Trial] {
        let labels = try LabelledValues(data.train.samples, targets[0], data.train.name)
        var counts = Array(repeating: 0.0, count: targets[0].classes.count)
        for (index, isKnown) in zip(labels.indices, labels.isKnown) where isKnown { counts[index] += 1 }
        let total = max(1, counts.reduce(0, +))
        let rows = tried[0].adapted.indices
        let consensus = rows.map { row in
            counts.indices.map { column in tried.reduce(0) { $0 + $1.adapted[row][column] } }.likeliestIndex
        }
        let groups = try groups(data, of: counts.count)
        return try tried.map { found in
            let evidence = TargetEvidence(
                probabilities: groups.rows.map { found.adapted[$0] }, wrong: found.wrong, weights: found.weights,
                prior: counts.map { $0 / total }, consensus: groups.rows.map { consensus[$0] }, groups: groups.of)
            let scores = try TargetScorer.registry.all.map { ($0.name, try $0.score(evidence)) }
            return AdaptationRecord.Trial(
                method: found.method, scores: Dictionary(uniqueKeysWithValues: scores), distance: found.distance,
                seconds: found.seconds, source: found.source)
        }
    }
}

extension AdaptationChooser {
    /// Rows of the target, at most so many as are looked at, and the group of each: as many groups as there are classes, by what the encoders make of them.
    private func groups(_ data: SplitData, of classes: Int) throws -> (rows: [Int], of: [Int]) {
        guard let target = data.target else { throw BraidError(.internal, "there is no target to adapt to") }
        let rows = Self.spread(target.samples.count)
        let some = try target.subset(rows)
        let parts = try configuration.modalities.keys.sorted().compactMap { modality -> Tensor? in
            guard let embedded = some.embeddings[modality] else { return nil }
            let there = embedded.presence.indices.filter { embedded.presence[$0] }
            guard !there.isEmpty else { return nil }
            let all = try embedded.pooled().moved(to: .cpu).converted(to: .float32)
            // A modality that a row lacks says nothing of where it lies: the middle.
            let places = try Tensor(there.map(Int64.init), shape: [there.count])
            let known = try all.picking(there)
            return try Tensor.zeros(all.shape).replacingRows(places, with: Standardization(known)(known))
        }
        guard !parts.isEmpty else { throw BraidError(.internal, "nothing of the target is embedded") }
        let found = try Clusters(.concatenate(parts, 1), count: classes, seed: UInt64(configuration.training.seed))
        return (rows, found.groups)
    }
}

extension Predictions {
    /// The same answers of the same samples, which have other labels.
    init(_ heads: [HeadPredictions], of samples: [Sample]) {
        self.init(
            samples: samples,
            heads: heads.map {
                HeadPredictions(target: $0.target, samples: samples, source: $0.source, values: $0.values)
            }, loss: nil)
    }
}

extension FusionModel {
    /// What a domain is told by, `[N, D]`: the fused embedding; of fusions that are not trained by gradients the embeddings that are fused.
    func features(_ source: BatchSource) throws -> Tensor {
        var parts: [Tensor] = []
        try withoutGradient {
            try source.forEachBatch(512) { batch in
                let output = try self(batch)
                let input = output.input
                let rows =
                    settings.fusion.kind.making == .trained
                    ? output.fused
                    : try Tensor.concatenate(
                        input.parts.indices.map { index in
                            let nothing = try Tensor.zeros([]).moved(to: input.presence.device)
                            return try input.parts[index].pooled.where(input.isPresent(index), else: nothing)
                        } + [input.presenceValues()], 1)
                parts.append(try rows.moved(to: .cpu).converted(to: .float32))
            }
        }
        return try .concatenate(parts, 0)
    }
}

extension Configuration {
    /// With a method in place of the one that is asked for, or without adaptation.
    func adapting(by method: String?) throws -> Configuration {
        guard let method else { return try replacing([:]) { $0.hasPrefix(AdaptationSettings.path + ".") } }
        return try replacing(["\(AdaptationSettings.path).method": method]) {
            $0 == "\(AdaptationSettings.path).candidates"
        }
    }

    /// As a trial trains it: val judges, and so is nothing to learn from.
    fileprivate func tried() throws -> Configuration {
        let silent = try silent(seed: training.seed)
        return fusion.kind.making == .trained ? silent : try silent.with(["training.refit": "false"])
    }

    /// The data that the configuration learns from: changed by its method, where it is one that changes data.
    func adapted(_ data: SplitData, fit: (SplitData) throws -> FusionModel) throws -> SplitData {
        guard let method = training.adaptation?.data, data.target != nil else { return data }
        return try method(data, fit: fit)
    }
}
