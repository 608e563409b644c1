internal import Foundation
internal import Torch

/// A training that goes on from an earlier run's model: what it takes over, and what it may not change.
///
/// Encoders come from the earlier model's folder, whatever it has made of those that the configuration names; fusion and heads begin with its
/// values; classes that are new get further rows behind those that there are.
struct Continuation {
    let earlier: EarlierModel
    /// What is trained: as asked, with the earlier model's encoders, and its fusion where the configuration leaves that to training.
    let configuration: Configuration
    /// The folder that was named.
    let url: URL

    /// nil where the configuration names no earlier run.
    ///
    /// - Throws: `BraidError` where there is no model, or one that the configuration cannot go on from, with every key that is in the way.
    init?(_ asked: Configuration, _ reporter: any Reporter) throws {
        guard let url = asked.initialModel else { return nil }
        self.url = url
        earlier = try EarlierModel(url, name: asked.initFrom ?? url.path)
        let fused = try Self.withFusion(asked, of: earlier, reporter)
        try ContinuationCheck(earlier: earlier, run: RunFolder(url), configuration: fused)(reporter)
        configuration = try fused.goingOn(from: earlier)
        let heads = earlier.targets.map { $0.classes.isEmpty ? $0.name : "\($0.name) of \($0.classes.count) classes" }
        reporter.note("goes on from \(earlier.name), as stage \(earlier.nextStage): \(heads.joined(separator: ", "))")
    }

    /// Of `auto`, the fusion that the earlier training has taken.
    private static func withFusion(
        _ asked: Configuration, of earlier: EarlierModel, _ reporter: any Reporter
    ) throws -> Configuration {
        guard asked.fusion.kind.isAutomatic else { return asked }
        let kind = earlier.settings.fusion.kind
        guard kind.goesOn else { throw BraidError(.badConfiguration, "init_from: \(earlier.name): \(kind.reasonNotToGoOn)") }
        reporter.note("fusion.type: auto: goes on with \(kind.name), which \(earlier.name) has")
        let keys = earlier.settings.resolved.filter { $0.path.hasPrefix("fusion.") }
        return try asked.replacing(Dictionary(uniqueKeysWithValues: keys.map { ($0.path, $0.value.yaml) })) {
            $0.hasPrefix("fusion.") || $0 == "training.preset" || $0 == "training.time_limit"
        }
    }

    /// What each head predicts: the earlier model's classes first and in their order, then new ones of the train split.
    ///
    /// - Throws: `BraidError` with a fault a row that cannot be used, and where a head cannot take a further class.
    func targets(_ manifest: Manifest, _ reporter: any Reporter) throws -> [Target] {
        try configuration.heads.map { head in
            let before = earlier.targets.first { $0.name == head.name }
            let target = try Target.fit(head, manifest.samples, file: manifest.url.lastPathComponent, after: before)
            let new = target.classes.dropFirst(before?.classes.count ?? 0)
            if before != nil, !new.isEmpty { reporter.note("\(head.name): new classes: \(new.joined(separator: ", "))") }
            if before == nil { reporter.note("\(head.name): a new head") }
            return target
        }
    }

    /// What fusion and heads begin with.
    func initialValues(_ targets: [Target]) throws -> InitialValues {
        let outputs = targets.map { target in
            (target.name, (before: earlier.targets.first { $0.name == target.name }?.outputs ?? 0, now: target.outputs))
        }
        return InitialValues(
            whole: try earlier.weights(), of: earlier.name, outputs: Dictionary(uniqueKeysWithValues: outputs))
    }

    /// The manifest with rows where they can be honest: what the earlier trainings have learnt from, or were chosen by, is no test row, and what
    /// they have learnt from judges no epoch.
    func honest(_ manifest: Manifest, _ reporter: any Reporter) -> Manifest {
        guard let seen = earlier.seen else {
            reporter.note("\(earlier.name) does not say which rows it has learnt from: that test rows are new to it cannot be told")
            return manifest
        }
        var (leftOut, moved) = (0, 0)
        let samples = manifest.samples.compactMap { sample -> Sample? in
            guard sample.split != .train, let before = seen.split(of: sample), before != .test else { return sample }
            if sample.split == .test {
                leftOut += 1
                return nil
            }
            guard before == .train else { return sample }
            moved += 1
            var sample = sample
            sample.split = .train
            return sample
        }
        if leftOut > 0 {
            reporter.note("\(counted(leftOut, "test row")) left out: an earlier stage has learnt from them, or was chosen by them")
        }
        if moved > 0 {
            reporter.note(
                "\(counted(moved, "val row")) put with train: an earlier stage has learnt from them, so that they cannot judge")
        }
        return Manifest(
            url: manifest.url, samples: samples, hasSplitColumn: manifest.hasSplitColumn, missingFiles: manifest.missingFiles,
            notes: manifest.notes)
    }

    /// Which training of its chain this one is.
    func lineage(manifestSHA256: String) -> Lineage {
        let before = earlier.lineage?.manifests ?? [earlier.settings.manifestSHA256]
        return Lineage(stage: earlier.nextStage, parent: earlier.fingerprint, manifests: before + [manifestSHA256])
    }
}

extension Configuration {
    /// The folder that `init_from` names.
    var initialModel: URL? { initFrom.map { Paths.resolve($0, in: folder) } }

    /// With the encoders of an earlier model.
    fileprivate func goingOn(from earlier: EarlierModel) throws -> Configuration {
        var settings: [String: String] = [:]
        for modality in modalities.keys {
            settings["modalities.\(modality).weights"] = SettingValue.text(earlier.encoder(modality).path).yaml
        }
        // A folder of weights holds its adapter, and says what it is.
        let gone = modalities.keys.flatMap { ["modalities.\($0).adapter", "modalities.\($0).encoder"] }
        return try replacing(settings, without: gone.contains)
    }

    /// - Throws: `BraidError` where an earlier model is named: for commands whose trainings begin anew.
    public func refuseInitialModel(in command: String) throws {
        guard initFrom == nil else {
            throw BraidError(
                .badConfiguration,
                "init_from acts only in braid train; braid \(command) knows nothing of an earlier run: leave it out, or name that run's model where \(command) takes one"
            )
        }
    }
}
