internal import Foundation
internal import Torch

/// How the figures of a training come about, beside those of the test split.
public struct EvaluationSettings: Sendable {
    /// In how many parts the rows of train and val are divided, each held out in turn; 0: none is.
    public let folds: Int
    /// How many times, each with another division.
    public let repeats: Int

    /// Reads the keys of `evaluation`.
    ///
    /// - Parameter trainsEncoders: Whether an encoder is trained, so that every fold would have to run it anew.
    init(_ reader: inout ConfigurationReader, trainsEncoders: Bool) {
        folds = reader.int(
            "evaluation.folds", 0, 0...1000,
            "In how many parts the rows of train and val are divided, each held out in turn, for figures that do not hang on one small test split; 0: none is."
        )
        repeats = reader.int(
            "evaluation.repeats", 1, 1...1000, "How many times they are divided, each time anew.", records: folds > 0)
        if folds == 1 { reader.fault("expected 0, or 2 and more: one part leaves nothing to learn from", "evaluation.folds") }
        reader.refuse("evaluation.repeats", unless: folds > 0, "acts only with evaluation.folds")
        reader.refuse(
            "evaluation.folds", unless: !trainsEncoders || folds == 0,
            "divides embeddings of frozen encoders; set modalities.….train to none, and leave training.contrastive out")
    }
}

/// Makes a cross-evaluation.
struct CrossEvaluator {
    /// As it was given: its fusion may be `auto`.
    let configuration: Configuration
    let targets: [Target]
    let device: Device
    let reporter: any Reporter

    private struct Fold: Sendable {
        let fusion: String
        let heads: [HeadPredictions]
    }

    /// - Parameters:
    ///   - encoders: The frozen encoders.
    ///   - all: Their embeddings of every sample.
    func callAsFunction(_ encoders: [ModalityEncoder], _ all: BatchSource) throws -> CrossEvaluation {
        let settings = configuration.evaluation
        let rows = all.samples.indices.filter { all.samples[$0].split != .test }
        let progress = SharedProgress(reporter.begin("cross-validating", total: settings.folds * settings.repeats))
        // Trainings only read what is embedded.
        nonisolated(unsafe) let all = all
        let found = try SideBySide(on: device)(settings.folds * settings.repeats) { number in
            defer { progress.advance() }
            return try self.fold(number % settings.folds, repetition: number / settings.folds, encoders, all, rows)
        }
        progress.finish()
        let heads = try targets.indices.map { head in
            let repeats = (0..<settings.repeats).map { repetition in
                let parts = found[repetition * settings.folds..<(repetition + 1) * settings.folds].map { $0.heads[head] }
                let whole = HeadPredictions(
                    target: targets[head], samples: parts.flatMap(\.samples), source: all.name, values: parts.flatMap(\.values))
                return whole.labelled().ordered(Set(all.samples.map(\.id)))
            }
            let metrics = targets[head].task.standardMetrics
            let figures = try metrics.compactMap { metric in try Estimate(repeats, metric).map { (metric.name, $0) } }
            return CrossEvaluation.Head(name: targets[head].name, figures: Dictionary(uniqueKeysWithValues: figures))
        }
        return CrossEvaluation(
            folds: settings.folds, repeats: settings.repeats, rows: rows.count, heads: heads,
            fusions: Dictionary(found.map { ($0.fusion, 1) }, uniquingKeysWith: +))
    }

    /// Learns from the other folds, a fifth of them for val, and answers the fold.
    private func fold(
        _ fold: Int, repetition: Int, _ encoders: [ModalityEncoder], _ all: BatchSource, _ rows: [Int]
    ) throws -> Fold {
        let (stratum, seed) = (configuration.heads.stratum, configuration.training.seed + repetition)
        let (folds, held, rest) = divide(rows, all, by: stratum, count: configuration.evaluation.folds, seed: seed, fold: fold)
        guard folds == configuration.evaluation.folds else {
            throw BraidError(
                .badData,
                "\(all.name): train and val have \(folds) groups, too few for evaluation.folds: \(configuration.evaluation.folds)")
        }
        let (parts, val, train) = divide(rest, all, by: stratum, count: 5, seed: seed, fold: 0)
        guard parts > 1 else {
            throw BraidError(
                .badData, "\(all.name): train and val have too few groups for a fold, a val part and something to learn from")
        }
        let recipe = try configuration.with(["training.seed": "\(seed)"])
        let chosen = try choose(recipe, encoders, all, train: train, val: val).silent(seed: seed)
        return try Generator.own(seed: UInt64(seed), on: device) {
            let data = try SplitData(all, train: train, val: val, test: held)
            let model = try chosen.model(encoders, targets, manifestSHA256: "", device: device)
            _ = try SilentTraining(chosen, model, data, device: device, judgesVal: false)
            guard let test = data.test else { throw BraidError(.internal, "a fold without a row") }
            return Fold(fusion: chosen.fusion.kind.name, heads: try model.predict(test).heads)
        }
    }

    /// How many folds there are, the rows of one, and the others.
    private func divide(
        _ rows: [Int], _ all: BatchSource, by stratum: String?, count: Int, seed: Int, fold: Int
    ) -> (Int, held: [Int], rest: [Int]) {
        let folds = Folds(rows.map { all.samples[$0] }, by: stratum, count: count, seed: seed)
        let (held, rest) = folds.split(rows, holdingOut: fold)
        return (folds.count, held, rest)
    }

    private func choose(
        _ recipe: Configuration, _ encoders: [ModalityEncoder], _ all: BatchSource, train: [Int], val: [Int]
    ) throws -> Configuration {
        guard recipe.fusion.kind.isAutomatic else { return recipe }
        let choice = try FusionChooser(configuration: recipe, targets: targets, device: device, reporter: SilentReporter())
            .choose(encoders, all, train: train, val: val)
        guard let kind = FusionKind.registry[choice.fusion],
            let chosen = try recipe.choosing(kind, members: choice.members ?? [])
        else { throw BraidError(.internal, "\(choice.fusion) was chosen and cannot do what is asked") }
        return chosen
    }
}
