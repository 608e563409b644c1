internal import Foundation
internal import Torch

/// Chooses a fusion by cross-validation on the train split. The test split is never looked at.
struct FusionChooser {
    /// A configuration whose fusion is `auto`.
    let configuration: Configuration
    let targets: [Target]
    let device: Device
    let reporter: any Reporter

    /// How many parts the train split is divided in.
    private static let folds = 5

    /// How many of the folds are held out, each costing a training a fusion: a single one of many rows says as much as five of few.
    static func heldOutFolds(_ rows: Int) -> Int { rows <= 2000 ? folds : rows <= 10_000 ? 2 : 1 }

    /// The fusions to try, in this order; those that cannot do what the configuration asks are left out.
    func candidates() throws -> [(kind: FusionKind, configuration: Configuration)] {
        let kinds: [FusionKind] =
            switch configuration.training.preset {
            case .fast: [.stacked]
            case .balanced: [.stacked, .late, .concat]
            case .best: [.stacked] + FusionKind.fusions.filter { !$0.isFitted && !$0.takesTokens }
            }
        let able = try kinds.compactMap { kind in try configuration.choosing(kind).map { (kind, $0) } }
        return able.isEmpty
            ? try [FusionKind.concat].compactMap { kind in try configuration.choosing(kind).map { (kind, $0) } } : able
    }

    /// What is taken where encoders are trained, so that there are no embeddings at hand to try fusions on.
    static func untried(_ configuration: Configuration) throws -> FusionChoice? {
        guard let modality = configuration.modalities.filter({ $0.value.train != .none }).keys.sorted().first else { return nil }
        return FusionChoice(
            fusion: FusionKind.concat.name,
            reason: "untried: the \(modality) encoder is trained, and fusions are tried on embeddings of frozen ones", trials: [],
            rows: 0,
            folds: 0)
    }

    /// Trains each candidate on parts of the train split, and judges it on the rest.
    ///
    /// - Parameters:
    ///   - encoders: The frozen encoders, one a modality.
    ///   - all: Their embeddings of every sample.
    func choose(_ encoders: [ModalityEncoder], _ all: BatchSource) throws -> FusionChoice {
        let candidates = try candidates()
        guard let first = candidates.first else {
            throw BraidError(.badConfiguration, "no fusion can do what is asked; name one in fusion.type")
        }
        guard candidates.count > 1 else {
            return FusionChoice(
                fusion: first.kind.name, reason: "the only one that training.preset and the other keys leave", trials: [], rows: 0,
                folds: 0)
        }
        let started = ContinuousClock.now
        let train = all.samples.indices.filter { all.samples[$0].split == .train }
        let folds = Folds(
            train.map { all.samples[$0] }, by: configuration.heads.stratum, count: Self.folds, seed: configuration.training.seed)
        let held = Array(0..<min(folds.count, Self.heldOutFolds(train.count)))
        let progress = reporter.begin("choosing a fusion", total: candidates.count * held.count)
        var losses: [[Double?]] = []
        var seconds: [Double] = []
        var note = ""
        for (_, candidate) in candidates {
            if let limit = configuration.training.timeLimit, !losses.isEmpty, (ContinuousClock.now - started) / .seconds(1) > limit
            {
                note =
                    "; training.time_limit left no time for \(candidates.dropFirst(losses.count).map(\.kind.name).joined(separator: ", "))"
                break
            }
            let start = ContinuousClock.now
            losses.append(
                try held.flatMap { fold in
                    defer { progress.advance() }
                    return try self.losses(candidate, encoders, all, train, folds, fold)
                })
            seconds.append((ContinuousClock.now - start) / .seconds(1))
        }
        progress.finish()
        let trials = zip(candidates, zip(losses, seconds)).map { candidate, found in
            Self.trial(candidate.kind, found.0, against: losses[0], seconds: found.1)
        }
        return .best(of: trials, rows: losses[0].count, folds: held.count, note: note)
    }

    /// The loss of each row of a fold, by a model that has not seen it.
    private func losses(
        _ configuration: Configuration, _ encoders: [ModalityEncoder], _ all: BatchSource, _ train: [Int], _ folds: Folds,
        _ fold: Int
    ) throws -> [Double?] {
        let part = { (isHeld: Bool) in zip(train, folds.numbers).filter { ($0.1 == fold) == isHeld }.map(\.0) }
        let val = all.samples.indices.filter { all.samples[$0].split == .val }
        let data = try SplitData(all, train: part(false), val: val, test: part(true))
        let configuration = try configuration.silent(seed: configuration.training.seed)
        try Generator.seed(UInt64(configuration.training.seed))
        let model = try configuration.model(encoders, targets, manifestSHA256: "", device: device)
        _ = try SilentTraining(configuration, model, data, device: device, judgesVal: false)
        return try data.test.map { try model.losses($0) } ?? []
    }

    private static func trial(_ kind: FusionKind, _ losses: [Double?], against first: [Double?], seconds: Double)
        -> FusionChoice.Trial
    {
        let known = losses.compactMap { $0 }
        let gains = Interval(zip(first, losses).compactMap { a, b in a.flatMap { a in b.map { a - $0 } } })
        return FusionChoice.Trial(
            fusion: kind.name, loss: known.reduce(0, +) / Double(max(1, known.count)), gain: gains.mean,
            error: (gains.deviation ?? 0) / Double(max(1, gains.count)).squareRoot(), seconds: seconds)
    }
}

extension Configuration {
    /// With a fusion in place of `auto`; nil where it cannot do what other keys ask.
    ///
    /// Keys that say how fusions are trained give way where one is not; a head, a loss or a training method that was asked for does not.
    func choosing(_ kind: FusionKind) throws -> Configuration? {
        guard let chosen = try? with(kind) else { return nil }
        let lost = Set(document.leaves.keys.filter { !chosen.document.has($0) })
        // What is given as the default is not asked for: config.yaml gives every key.
        let plain = try Configuration(document.with([:], without: lost.contains), folder: folder, hasSplitColumn: hasSplitColumn)
        let values = { (keys: [ResolvedKey]) in
            Dictionary(keys.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
        }
        let (asked, defaults) = (values(resolved), values(plain.resolved))
        let isRefused = lost.contains { key in
            Self.mustStay.contains(where: key.hasPrefix) && !Self.mayGo.contains(where: key.hasSuffix)
                && asked[key] != defaults[key]
        }
        return isRefused ? nil : chosen
    }

    private static let mustStay = ["training.balance.", "training.alignment.", "heads.", "head."]
    private static let mayGo = [".hidden", ".dropout"]
}
