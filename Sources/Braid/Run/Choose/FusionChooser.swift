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

    /// Classes with fewer rows, in the median, are no ground to choose fusions on.
    private static let fewestOfAClass = 4

    /// How many of the folds are held out, each costing a training a fusion: a single one of many rows says as much as five of few.
    static func heldOutFolds(_ rows: Int) -> Int { rows <= 2000 ? folds : rows <= 10_000 ? 2 : 1 }

    /// A fusion to try.
    struct Candidate {
        let kind: FusionKind
        let configuration: Configuration
        /// Further seeds are for ensembles alone.
        var isFirstSeed = true
    }

    /// The fusions to try, in this order; those that cannot do what the configuration asks are left out.
    func candidates() throws -> [Candidate] {
        let kinds: [FusionKind] =
            switch configuration.training.preset {
            case .fast: [.stacked]
            case .balanced: [.stacked, .late, .concat]
            case .best: [.stacked] + FusionKind.fusions.filter { !$0.isFitted && !$0.takesTokens }
            }
        let able = { (kinds: [FusionKind]) in
            try kinds.compactMap { kind in
                try configuration.choosing(kind).map { Candidate(kind: kind, configuration: $0) }
            }
        }
        let asked = try able(kinds)
        let wanted = asked.isEmpty ? try able([.concat]) : asked
        guard configuration.training.preset == .best else { return wanted }
        return try wanted.flatMap { candidate -> [Candidate] in
            guard !candidate.kind.isFitted else { return [candidate] }
            let seed = candidate.configuration.training.seed + 1
            return [
                candidate,
                Candidate(
                    kind: candidate.kind, configuration: try candidate.configuration.with(["training.seed": "\(seed)"]),
                    isFirstSeed: false),
            ]
        }
    }

    /// What is taken where encoders are trained, so that there are no embeddings at hand to try fusions on.
    static func untried(_ configuration: Configuration) throws -> FusionChoice? {
        guard let modality = configuration.modalities.filter({ $0.value.train != .none }).keys.sorted().first else { return nil }
        if configuration.training.contrastive != nil, try configuration.choosing(.stacked) != nil {
            return FusionChoice(
                fusion: FusionKind.stacked.name,
                reason: "untried: pairs train the \(modality) encoder, and no rows are left that its embeddings do not know",
                trials: [],
                rows: 0, folds: 0)
        }
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
    ///   - train: The numbers of the samples to learn from; nil for the train split's.
    ///   - val: Of those that early stopping goes by; nil for the val split's.
    func choose(_ encoders: [ModalityEncoder], _ all: BatchSource, train: [Int]? = nil, val: [Int]? = nil) throws -> FusionChoice {
        let candidates = try candidates()
        guard let first = candidates.first else {
            throw BraidError(.badConfiguration, "no fusion can do what is asked; name one in fusion.type")
        }
        guard candidates.count > 1 else {
            return FusionChoice(
                fusion: first.kind.name, reason: "the only one that training.preset and the other keys leave", trials: [], rows: 0,
                folds: 0)
        }
        let rows = { (split: Split) in all.samples.indices.filter { all.samples[$0].split == split } }
        let (train, val) = (train ?? rows(.train), val ?? rows(.val))
        if first.kind == .stacked, let few = fewLabels(train.map { all.samples[$0] }) { return few }
        let started = ContinuousClock.now
        let folds = Folds(
            train.map { all.samples[$0] }, by: configuration.heads.stratum, count: Self.folds, seed: configuration.training.seed)
        let held = HeldOutFolds(
            targets: targets, encoders: encoders, all: all, train: train, val: val, folds: folds, device: device)
        let tried = Array(0..<min(folds.count, Self.heldOutFolds(train.count)))
        let progress = SharedProgress(reporter.begin("choosing a fusion", total: candidates.count * tried.count))
        var found: [HeldOutFolds.Answers] = []
        var note = ""
        for candidate in candidates {
            if let limit = configuration.training.timeLimit, !found.isEmpty, (ContinuousClock.now - started) / .seconds(1) > limit {
                let left = candidates.dropFirst(found.count).filter(\.isFirstSeed).map(\.kind.name).joined(separator: ", ")
                note = "; training.time_limit left no time for \(left)"
                break
            }
            found.append(try held.answers(candidate.configuration, tried, progress))
        }
        progress.finish()
        let done = Array(zip(candidates, found))
        var trials = done.filter { $0.0.isFirstSeed }.map { candidate, answers in
            FusionChoice.Trial(candidate.kind.name, answers.losses, against: found[0].losses, seconds: answers.seconds)
        }
        let ensemble = configuration.training.preset == .best && note.isEmpty ? try ensemble(done) : nil
        if let ensemble {
            trials.append(
                .init(
                    FusionKind.ensemble.name, ensemble.losses, against: found[0].losses,
                    seconds: trials.reduce(0) { $0 + $1.seconds }))
        }
        return .best(
            of: trials, rows: found[0].losses.count, folds: tried.count, note: note, members: ensemble?.members ?? [])
    }

    /// Stacked, where classes have so few rows that those held out of them say nothing: what a fold leaves of a class is another problem than the whole.
    private func fewLabels(_ samples: [Sample]) -> FusionChoice? {
        guard let target = targets.first(where: { $0.form == .classes }) else { return nil }
        let counts = Dictionary(grouping: samples.compactMap { $0.labels[target.column] }) { $0 }.values.map(\.count).sorted()
        guard !counts.isEmpty, counts[counts.count / 2] < Self.fewestOfAClass else { return nil }
        return FusionChoice(
            fusion: FusionKind.stacked.name,
            reason: "untried: half of the classes have \(counts[counts.count / 2]) labelled rows or fewer, too few to choose by",
            trials: [], rows: 0, folds: 0)
    }

    /// The ensemble of all that was tried, its loss by shares that were chosen on other rows.
    private func ensemble(
        _ tried: [(Candidate, HeldOutFolds.Answers)]
    ) throws -> (losses: [Double?], members: [FusionChoice.Member])? {
        guard try configuration.choosing(.ensemble) != nil else { return nil }
        let selection = EnsembleSelection(
            logits: tried.map(\.1.logits), targets: targets, headWeights: configuration.heads.map(\.weight),
            labels: try targets.map { try LabelledValues(tried[0].1.samples, $0, configuration.manifest) })
        let rows = Array(tried[0].1.samples.indices)
        let halves = [0, 1].map { half in rows.filter { $0 % 2 == half } }
        let judged = try halves.map { try selection.losses(selection.weights(on: $0)) }
        let weights = try selection.weights(on: rows)
        let members = zip(tried, weights).filter { $0.1 > 0 }.map { FusionChoice.Member(fusion: $0.0.0.kind.name, share: $0.1) }
        guard members.count > 1 else { return nil }
        return (rows.map { tried[0].1.losses[$0] == nil ? nil : judged[1 - $0 % 2][$0] }, members)
    }
}

extension Configuration {
    /// With a fusion in place of `auto`; nil where it cannot do what other keys ask.
    ///
    /// Keys that say how fusions are trained give way where one is not; a head, a loss or a training method that was asked for does not.
    ///
    /// - Parameters:
    ///   - kind: The fusion.
    ///   - members: Of an ensemble, what it is made of; empty for what it is made of by itself.
    func choosing(_ kind: FusionKind, members: [FusionChoice.Member] = []) throws -> Configuration? {
        guard var chosen = try? with(kind) else { return nil }
        if !members.isEmpty {
            chosen = try chosen.with([
                "fusion.members": "[\(members.map(\.fusion).joined(separator: ", "))]",
                "fusion.weights": "[\(members.map { "\($0.share)" }.joined(separator: ", "))]",
            ])
        }
        let lost = Set(document.leaves.keys.filter { !chosen.document.has($0) })
        // What is given as the default is not asked for: config.yaml gives every key.
        let plain = try Configuration(document.with([:], without: lost.contains), folder: folder, facts: facts)
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

    private static let mustStay = ["training.balance.", "training.alignment.", "training.adaptation.", "heads.", "head."]
    private static let mayGo = [".hidden", ".dropout"]
}
