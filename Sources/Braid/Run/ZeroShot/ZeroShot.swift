public import Foundation
internal import Torch

/// Classifies samples without any training, by models whose towers put pictures or sounds, and sentences, into one space.
///
/// Each class is a sentence, or several (Radford et al. 2021, arXiv:2103.00020): the class whose sentences lie nearest is the answer. Several
/// models vote, each with the logarithms of its probabilities, over what a sample has.
public struct ZeroShot {
    /// What is asked, for a report.
    public let question: ZeroShotQuestion
    private let spaces: [SharedSpace]
    private let labels: ZeroShotLabels
    private let target: Target
    private let options: Inference.Options
    private let device: Device

    /// Loads the models.
    ///
    /// - Parameters:
    ///   - weights: Files, folders or Hugging Face ids of whole models; one of each modality at most.
    ///   - base: What relative paths are relative to.
    ///   - labels: The classes.
    ///   - isMultilabel: Whether each class is judged by itself, so that several or none may be said; only models that were trained that way can.
    ///   - options: Where to compute, and what becomes of bad samples.
    /// - Throws: `BraidError` where weights are not of such a model or cannot be read, or two are for the same modality.
    public init(
        _ weights: [String], relativeTo base: URL, labels: ZeroShotLabels, isMultilabel: Bool = false, _ options: Inference.Options
    ) throws {
        device = try options.device.resolve()
        var spaces: [SharedSpace] = []
        for name in weights {
            let space = try SharedSpace(name, relativeTo: base, device: device, reporter: options.reporter)
            guard !spaces.contains(where: { $0.modality == space.modality }) else {
                throw BraidError(.usage, "weights \(name): there are weights for \(space.modality) already")
            }
            guard space.judgesAlone || !isMultilabel else {
                throw BraidError(
                    .usage,
                    "weights \(name): --multilabel needs a model that judges each label by itself, as SigLIP does; this one only compares labels"
                )
            }
            spaces.append(space)
        }
        guard !spaces.isEmpty else { throw BraidError(.usage, "no weights are named") }
        (self.spaces, self.labels, self.options) = (spaces, labels, options)
        question = ZeroShotQuestion(
            labels: labels.names,
            models: zip(weights, spaces).map { name, space in
                .init(modality: space.modality, weights: Paths.withoutPlace(name), sentences: labels.prompts(space.modality))
            })
        target = Target(task: isMultilabel ? Multilabel() : Multiclass(), scale: .init(classes: labels.names))
    }

    /// Classifies the rows of a manifest.
    ///
    /// - Parameters:
    ///   - url: The manifest.
    ///   - isJudged: Whether answers will be compared with its labels, which then have to be there, and among the classes.
    /// - Throws: `BraidError` where the manifest has faults, or a sample has nothing that the models see.
    public func predict(manifest url: URL, isJudged: Bool = false) throws -> Predictions {
        let manifest = try Manifest.read(
            url, adaptsColumns: true, given: options.columns, splits: nil, stratum: nil, needsLabels: isJudged,
            onBadSample: options.onBadSample, reporter: options.reporter)
        for note in manifest.notes { options.reporter.note(note) }
        if isJudged { try checkLabels(manifest.samples, url) }
        return try predict(manifest.samples, of: url, cache: options.embeddingCache())
    }

    /// That every label is one of the classes.
    private func checkLabels(_ samples: [Sample], _ source: URL) throws {
        let faults = samples.compactMap { sample -> Fault? in
            guard let label = sample.labels[target.column], (try? target.value(of: label)) == nil else { return nil }
            return Fault(
                "\(label) is not among the labels that are asked for: \(target.classes.joined(separator: ", ")); name it there",
                file: source.lastPathComponent, line: sample.line, field: target.column)
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
    }

    /// Classifies samples that come from elsewhere than a manifest.
    ///
    /// - Throws: `BraidError` where a sample has nothing that the models see.
    public func predict(_ samples: [Sample]) throws -> Predictions {
        try predict(samples, of: URL(fileURLWithPath: "command line"), cache: nil)
    }

    private func predict(_ samples: [Sample], of source: URL, cache: EmbeddingCache?) throws -> Predictions {
        let modalities = spaces.map(\.modality)
        let lacking = samples.filter { sample in !modalities.contains(where: sample.has) }
        guard lacking.isEmpty else {
            let names = modalities.map(\.rawValue).joined(separator: ", ")
            throw BraidError(
                .badData,
                faults: lacking.map {
                    Fault(
                        "sample \($0.id) has nothing that the models see (\(names))", file: source.lastPathComponent, line: $0.line)
                })
        }
        let extractor = EmbeddingExtractor(
            manifest: source, onBadSample: options.onBadSample, reporter: options.reporter, cache: cache)
        let embedded = try extractor.extract(samples, spaces.map(\.encoder))
        guard !embedded.samples.isEmpty else {
            throw BraidError(.badData, "\(source.lastPathComponent): no sample is left to use")
        }
        let votes = try spaces.map { space in
            guard let rows = embedded.rows[space.modality] else { throw BraidError(.internal, "an encoder without embeddings") }
            let logits = try space.logits(rows.pooled(), space.points(of: labels.prompts(space.modality)))
            return (values: try vote(logits), presence: rows.presence)
        }
        let head = try HeadPredictions(
            logits: Self.mean(votes), target, samples: embedded.samples, source: source.lastPathComponent)
        return Predictions(samples: embedded.samples, heads: [head], loss: nil)
    }

    /// What is averaged over models: log-probabilities, or logits where classes are judged each by itself; `[N, K]`.
    private func vote(_ logits: Tensor) throws(TorchError) -> Tensor { target.form == .flags ? logits : try logits.logSoftmax() }

    /// The mean over what each sample has, `[N, K]`.
    private static func mean(_ votes: [(values: Tensor, presence: [Bool])]) throws -> Tensor {
        var sum: Tensor?
        var counts = [Float](repeating: 0, count: votes[0].presence.count)
        for (values, presence) in votes {
            let weights = presence.map { $0 ? Float(1) : 0 }
            for index in counts.indices { counts[index] += weights[index] }
            let column = try Tensor(weights, shape: [weights.count, 1]).moved(to: values.device)
            // What is missing is zeros, whose direction means nothing.
            let kept = try values.where(column.isDifferent(from: 0), else: .zeros([1]).moved(to: values.device))
            sum = try sum.map { try $0 + kept } ?? kept
        }
        guard let sum else { throw BraidError(.internal, "nobody votes") }
        return try sum / Tensor(counts, shape: [counts.count, 1]).moved(to: sum.device)
    }
}
