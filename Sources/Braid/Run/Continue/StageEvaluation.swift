internal import Foundation
internal import Torch

/// Judges the models of a chain of trainings on the test rows of each of its stages.
struct StageEvaluation {
    let continuation: Continuation
    let run: RunFolder
    let device: Device
    let reporter: any Reporter
    /// The cache of embeddings, where it may be used.
    let cache: EmbeddingCache?

    private var earlier: EarlierModel { continuation.earlier }
    /// The run that the training went on from.
    private var before: RunFolder { RunFolder(continuation.url) }

    /// - Parameters:
    ///   - model: What the training has made.
    ///   - test: Its test rows; nil where there are none.
    ///   - manifest: Its manifest.
    func callAsFunction(_ model: FusionModel, _ test: BatchSource?, manifest: URL, seed: Int) throws -> StageReport {
        var remarks: [String] = []
        let teacher = try earlier.load(device: device)
        var (stages, matrix) = try history(teacher, &remarks)
        let judge = StageJudge(columns: model.settings.columns, device: device, cache: cache)
        let own = stage(model, manifest: manifest)
        let rows = test.map(\.samples) ?? []
        let random = try Generator.own(seed: UInt64(seed)) { try fresh(teacher, model) }
        let untrained = try judge.accuracy(random, rows, own.head, manifest: manifest)
        let ahead = try judge.accuracy(teacher, rows, own.head, manifest: manifest)
        stages.append(own.with(manifest: own.manifest, rows: rows.count, untrained: untrained))
        // What the earlier models say of this stage's rows: only the last one is at hand.
        for index in matrix.indices { matrix[index].append(index == matrix.count - 1 ? ahead : nil) }
        var last: [Double?] = []
        for (index, stage) in stages.enumerated() {
            let isOwn = index == stages.count - 1
            let chosen = try isOwn ? rows : testRows(stage, model, &remarks)
            last.append(try chosen.flatMap { try judge.accuracy(model, $0, stage.head, manifest: manifest) })
            stages[index] = stage.with(manifest: stage.manifest, rows: chosen?.count, untrained: stage.untrained)
        }
        let isNumber = model.targets.first?.form == .number
        return StageReport(metric: isNumber ? "r2" : "accuracy", stages: stages, matrix: matrix + [last], remarks: remarks)
    }

    /// What is known of the stages before, their manifests named from this run's folder.
    private func history(
        _ teacher: FusionModel, _ remarks: inout [String]
    ) throws -> (stages: [StageReport.Stage], matrix: [[Double?]]) {
        if let kept = try JSONText.record(before.stages, as: StageReport.self) {
            let stages = kept.stages.map { stage in
                let place = stage.manifest.map { Paths.portable(Paths.resolve($0, in: before.url), from: run.url) }
                return stage.with(manifest: place, rows: stage.rows, untrained: stage.untrained)
            }
            return (stages, kept.matrix)
        }
        let count = earlier.nextStage - 1
        if count > 1 { remarks.append("\(earlier.name) holds no stages.json: what its earlier stages were is not known") }
        let configuration = try? Configuration.recorded(before.configuration)
        let first = count == 1 ? configuration.map { Paths.portable($0.manifestURL, from: run.url) } : nil
        if count == 1, first == nil {
            remarks.append("\(earlier.name) is a model without its run: where the test rows of stage 1 are is not known")
        }
        let classes = Dictionary(uniqueKeysWithValues: earlier.targets.map { ($0.name, $0.classes) })
        var stages = (1...count).map { number in
            StageReport.Stage(
                number: number, manifest: number == count ? first : nil, head: earlier.targets[0].name,
                classes: number == count ? classes : [:], scenario: nil, rows: nil, untrained: nil)
        }
        var matrix: [[Double?]] = Array(repeating: Array(repeating: nil, count: count), count: count)
        if let rows = try testRows(stages[count - 1], teacher, &remarks), let first {
            let judge = StageJudge(columns: teacher.settings.columns, device: device, cache: cache)
            matrix[count - 1][count - 1] = try judge.accuracy(
                teacher, rows, stages[count - 1].head, manifest: Paths.resolve(first, in: run.url))
            stages[count - 1] = stages[count - 1].with(manifest: first, rows: rows.count, untrained: nil)
        }
        return (stages, matrix)
    }

    /// What the training has brought.
    private func stage(_ model: FusionModel, manifest: URL) -> StageReport.Stage {
        var classes: [String: [String]] = [:]
        var (heads, grows) = ([String](), false)
        for target in model.targets {
            let known = earlier.targets.first { $0.name == target.name }
            let new = Array(target.classes.dropFirst(known?.classes.count ?? 0))
            if known == nil { heads.append(target.name) } else if !new.isEmpty { grows = true }
            if !new.isEmpty { classes[target.name] = new }
        }
        return StageReport.Stage(
            number: earlier.nextStage, manifest: Paths.portable(manifest, from: run.url),
            head: heads.first ?? model.targets[0].name,
            classes: classes, scenario: !heads.isEmpty ? .task : grows ? .class : .domain, rows: nil, untrained: nil)
    }

    /// The rows of a stage's test split that no stage has learnt from; nil where they cannot be had.
    private func testRows(
        _ stage: StageReport.Stage, _ model: FusionModel, _ remarks: inout [String]
    ) throws -> [Sample]? {
        guard let place = stage.manifest else { return nil }
        let url = Paths.resolve(place, in: run.url)
        let manifest: Manifest
        do {
            manifest = try Manifest.read(
                url, columns: model.settings.columns, adaptsColumns: true, splits: model.settings.splits,
                stratum: model.settings.heads.stratum, onBadSample: .skip)
        } catch {
            remarks.append(
                "Stage \(stage.number): the test rows of \(place) cannot be read any more, so that nothing is said of them")
            return nil
        }
        let all = manifest.samples.filter { !manifest.hasSplitColumn || $0.split == .test }
        guard let seen = model.seen else { return all }
        let kept = all.filter { seen.split(of: $0) == .test }
        let learnt = manifest.hasSplitColumn ? all.count - kept.count : 0
        if learnt > 0 {
            remarks.append(
                "Stage \(stage.number): \(counted(learnt, "test row")) left out that another stage has learnt from, or does not know as such"
            )
        }
        return kept
    }

    /// A model of the same kind on the same encoders, whose fusion and heads have learnt nothing.
    private func fresh(_ teacher: FusionModel, _ model: FusionModel) throws -> FusionModel {
        try FusionModel(
            encoders: Array(teacher.encoders.values), targets: model.targets, settings: model.settings,
            parameters: ParameterStore(device: device))
    }
}

/// The accuracy of any model on any samples.
private struct StageJudge {
    let columns: Columns
    let device: Device
    let cache: EmbeddingCache?

    /// nil where no row is labelled for the head, or the model does not have it. A class that the model does not know is an error of its.
    func accuracy(_ model: FusionModel, _ samples: [Sample], _ head: String, manifest: URL) throws -> Double? {
        let usable = samples.filter { sample in model.modalities.contains(where: sample.has) }
        guard !usable.isEmpty, model.targets.contains(where: { $0.name == head }) else { return nil }
        let extractor = EmbeddingExtractor(manifest: manifest, onBadSample: .skip, cache: cache, reportsPrecision: false)
        let source = try BatchSource(
            usable, Array(model.encoders.values), tokens: model.tokenBudget, extractor, device: device)
        guard let said = try model.predict(source).heads.first(where: { $0.target.name == head })?.labelled(), !said.samples.isEmpty
        else { return nil }
        guard said.target.form != .number else { return try said.scores([.r2])[.r2] }
        let isRight = try said.samples.indices.map { index in
            let truth = said.samples[index].labels[said.target.column] ?? ""
            let names = said.target.task
            return try Set(names.names(in: truth)) == Set(names.names(in: said.text(of: index)))
        }
        return Double(isRight.count { $0 }) / Double(isRight.count)
    }
}

extension StageReport.Stage {
    fileprivate func with(manifest: String?, rows: Int?, untrained: Double?) -> StageReport.Stage {
        StageReport.Stage(
            number: number, manifest: manifest, head: head, classes: classes, scenario: scenario, rows: rows, untrained: untrained)
    }
}
