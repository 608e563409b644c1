internal import Foundation
internal import Torch

/// Turns samples into embeddings, one modality after the other.
struct EmbeddingExtractor {
    let manifest: URL
    let onBadSample: BadSample.Policy
    var reporter: any Reporter = SilentReporter()
    /// Where embeddings of earlier runs lie, and these go; nil: nowhere.
    var cache: EmbeddingCache?
    /// Opened already, where several extractions with the same encoders are one piece of work; nil: each opens its own.
    var shards: OpenShards?
    /// Counts the media, where several extractions are one piece of work; nil: each has a line of its own.
    var progress: (any StepProgress)?
    /// Whether an encoder in half precision says what that costs.
    var reportsPrecision = true
    /// The most tokens of a sample to keep; nil where only pooled embeddings are wanted.
    var tokens: Int?

    /// What all samples are shown by; nil: as they are.
    var view: DrawnAugmentation?

    /// Samples that can be used, and their embeddings by modality.
    struct Result {
        var samples: [Sample]
        var rows: [Modality: EmbeddingRows]
        var bad: [BadSample]
    }

    /// Encodes what `encoders` covers. Media of the modalities in `alsoChecked` are decoded too, and where `prefixes` has frozen blocks of theirs, these are
    /// asked, and keep what they give.
    ///
    /// - Throws: `BraidError` that lists every bad sample, where the policy is to fail.
    func extract(
        _ samples: [Sample], _ encoders: [ModalityEncoder], alsoChecked: [ModalityEncoder] = [],
        prefixes: [Modality: FrozenPrefix] = [:]
    ) throws -> Result {
        var bad: [BadSample] = []
        var embedded: [Modality: EmbeddingCollector] = [:]
        for encoder in encoders.sorted(by: { $0.modality < $1.modality }) {
            embedded[encoder.modality] = try embed(samples, encoder, &bad)
        }
        for encoder in alsoChecked { try check(samples, encoder, prefixes[encoder.modality], &bad) }
        bad.sort { ($0.fault.line ?? 0) < ($1.fault.line ?? 0) }
        if !bad.isEmpty && onBadSample == .fail { throw BraidError(.badData, faults: bad.map(\.fault)) }
        for sample in bad { reporter.note("skipped: \(sample)") }
        let badIDs = Set(bad.map(\.id))
        if !badIDs.isEmpty { reporter.note("\(badIDs.count) of \(samples.count) samples skipped") }
        let kept = samples.indices.filter { !badIDs.contains(samples[$0].id) }
        let rows = try embedded.mapValues { try $0.rows(kept) }
        return Result(samples: kept.map { samples[$0] }, rows: rows, bad: bad)
    }

    /// What batches of ever other sizes leave in pieces is given back after so many samples: it would add up.
    private static let rowsBetweenTrims = 1024

    private func embed(_ samples: [Sample], _ encoder: ModalityEncoder, _ bad: inout [BadSample]) throws -> EmbeddingCollector {
        let present = samples.indices.filter { samples[$0].has(encoder.modality) }
        let progress = self.progress ?? reporter.begin("embedding \(encoder.modality)", total: present.count)
        try tryInt8(encoder, present.map { samples[$0] })
        let make = { try cache?.shard(for: encoder, tokens: tokens) }
        let shard = try shards?.shard(encoder.modality, make) ?? make()
        var collector = try EmbeddingCollector(encoder.encoder, count: samples.count, tokens: tokens)
        var (cached, delivered) = (0, 0)
        do {
            // What was computed is written, whatever ends the work.
            defer { if shards == nil { shard?.finish() } else { shard?.flush() } }
            try EncodingPipeline(encoder: encoder, tokens: tokens, shard: shard, view: view).run(samples, present) {
                window, count in
                let before = bad.count
                for failure in window.failures {
                    bad.append(fault(samples[failure.place], encoder.modality, "\(failure.error)"))
                }
                for part in window.parts {
                    for place in try collector.add(part) {
                        let message = "its embedding is not finite: the medium's values are far beyond what the encoder knows"
                        bad.append(fault(samples[place], encoder.modality, message))
                    }
                }
                cached += window.cached
                delivered += count
                if delivered >= Self.rowsBetweenTrims {
                    giveBackFreedMemory()
                    delivered = 0
                }
                // What is skipped was not embedded.
                progress.expect(before - bad.count)
                progress.advance(by: count + before - bad.count)
                try reporter.checkStopping()
            }
        }
        if cached < present.count { try reportPrecision(encoder, present.prefix(min(8, encoder.windowSize)).map { samples[$0] }) }
        if let failure = shard?.failure { reporter.note("embeddings are not cached: \(failure)") }
        guard self.progress == nil else { return collector }
        progress.finish(
            "\(encoder.architecture), \(encoder.name)" + (cached > 0 ? ", \(cached) from the cache" : ""))
        return collector
    }

    /// What int8 costs, on the first training samples that can be read, before anything is embedded: which layers stay in float32 is found out there.
    private func tryInt8(_ encoder: ModalityEncoder, _ samples: [Sample]) throws {
        guard encoder.wantsInt8Trial else { return }
        let training = samples.filter { $0.split == .train }
        let tried = (training.isEmpty ? samples : training).prefix(ModalityEncoder.int8Samples)
        try encoder.tryInt8(tried.compactMap { try? encoder.frontEnd.prepare($0.medium(encoder.modality)) })
        guard reportsPrecision, let record = encoder.int8Record else { return }
        reporter.note("\(encoder.modality): \(record.summary)")
    }

    /// What half precision costs, on the first samples that can be read; a random encoder has no twin to compare with.
    private func reportPrecision(_ encoder: ModalityEncoder, _ samples: [Sample]) throws {
        guard reportsPrecision, reporter.isListening, encoder.parameters.inference == .bf16, encoder.weights != nil else { return }
        let prepared = samples.compactMap { try? encoder.frontEnd.prepare($0.medium(encoder.modality)) }
        guard !prepared.isEmpty else { return }
        let cosine = String(format: "%.6f", try encoder.leastCosine(prepared))
        reporter.note("\(encoder.modality): bf16; cosine to fp32 at least \(cosine) over \(prepared.count) samples")
    }

    private func fault(_ sample: Sample, _ modality: Modality, _ message: String) -> BadSample {
        BadSample(sample, manifest: manifest, field: modality.rawValue, message: message)
    }

    private func check(
        _ samples: [Sample], _ encoder: ModalityEncoder, _ prefix: FrozenPrefix?, _ bad: inout [BadSample]
    ) throws {
        let present = samples.filter { $0.has(encoder.modality) }
        let name = prefix == nil ? "reading" : "embedding"
        let progress = reporter.begin("\(name) \(encoder.modality)", total: present.count)
        let size = encoder.windowSize
        for start in stride(from: 0, to: present.count, by: size) {
            let batch = Array(present[start..<min(start + size, present.count)])
            defer { progress.advance(by: batch.count) }
            // Where one is missing all are computed anew: which samples share a batch decides on last bits, and a run that goes on shall see what it
            // would have seen without the interruption.
            if prefix?.holds(batch) == true { continue }
            let prepared = prepare(batch, encoder.frontEnd, encoder.modality, &bad)
            let readable = batch.indices.filter { prepared[$0] != nil }
            guard let prefix, !readable.isEmpty else { continue }
            try prefix.encode(readable.map { batch[$0] }, readable.compactMap { prepared[$0] })
        }
        progress.finish(prefix.map { "blocks 1 to \($0.count) of \(encoder.architecture), kept: \($0.finish())" } ?? "")
    }

    /// Decodes and prepares on all cores, for an encoder that is trained. nil, and an entry in `bad`, where a sample cannot be
    /// read.
    ///
    /// - Parameter augmentation: What is drawn for each sample; nil where samples are shown as they are.
    func prepare(
        _ samples: [Sample], _ frontEnd: any FrontEnd, _ modality: Modality, _ bad: inout [BadSample],
        augmentation: (@Sendable (Sample) -> DrawnAugmentation)? = nil
    ) -> [Tensor?] {
        let results = concurrentMap(samples.count) { index in
            Swift.Result {
                try onOneThread {
                    let medium = try samples[index].medium(modality)
                    guard let augmentation else { return try frontEnd.prepare(medium) }
                    return try frontEnd.prepare(medium, augmentation(samples[index]))
                }
            }
        }
        return zip(samples, results).map { sample, result in
            do { return try result.get() } catch {
                bad.append(fault(sample, modality, "\(error)"))
                return nil
            }
        }
    }
}
