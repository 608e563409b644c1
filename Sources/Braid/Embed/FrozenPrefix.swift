internal import Foundation
internal import Synchronization
internal import Torch

/// The blocks of an encoder in front of the first one that is trained, and what they gave of media before.
final class FrozenPrefix: @unchecked Sendable {
    let encoder: ModalityEncoder
    /// How many blocks it has.
    let count: Int
    private let cache: ActivationCache
    /// The keys of samples that were looked at, so that no file is read for it twice.
    private let keys = Mutex<[String: EmbeddingKey]>([:])

    /// nil where too little is frozen for it to be worth its room, or nothing is to be kept.
    ///
    /// - Parameters:
    ///   - encoder: One that is trained, from some block on.
    ///   - earlier: What earlier phases of the training have trained of it.
    ///   - settings: How much is kept, and how.
    ///   - isShared: Whether other runs may use it, where they have the same weights.
    init?(_ encoder: ModalityEncoder, after earlier: [Trainable], _ settings: ActivationSettings, isShared: Bool) throws {
        let count = encoder.frozenBlocks(after: earlier)
        // The first block alone, embeddings or a stem, is no dearer than reading what it gives.
        guard settings.limit > 0, !encoder.isFrozen, encoder.augmenter.isEmpty, count > 1 else { return nil }
        (self.encoder, self.count) = (encoder, count)
        let identity = try encoder.fingerprint().map {
            ["\(Self.version)", encoder.modality.plain.rawValue, encoder.architecture, $0, encoder.frontEnd.summary, "\(count)"]
                .joined(separator: "\n")
        }
        cache = try ActivationCache(
            settings, identity: isShared ? identity : nil,
            label: "\(encoder.modality): \(encoder.architecture), \(encoder.name), blocks 1 to \(count)")
    }

    /// To be raised when the same media and weights give other activations than before.
    private static let version = 1

    /// What the blocks give of samples that have the modality: looked up, or computed where it had no room.
    ///
    /// - Parameter prepare: Reads the media of samples.
    func activations(of samples: [Sample], prepare: ([Sample]) throws -> [Tensor]) throws -> [Tensor] {
        var all = try keys(of: samples).map { key in
            try key.flatMap { try cache.activations(of: $0) }?.moved(to: encoder.parameters.device)
        }
        let missing = all.indices.filter { all[$0] == nil }
        guard !missing.isEmpty else { return all.compactMap { $0 } }
        let chosen = missing.map { samples[$0] }
        for (place, tensor) in zip(missing, try encode(chosen, prepare(chosen))) { all[place] = tensor }
        return all.compactMap { $0 }
    }

    /// Whether something is kept of each of the samples.
    func holds(_ samples: [Sample]) -> Bool { keys(of: samples).allSatisfy { $0.map(cache.holds) ?? false } }

    /// Computes what the blocks give of samples that were read, and keeps it where there is room.
    @discardableResult
    func encode(_ samples: [Sample], _ prepared: [Tensor]) throws -> [Tensor] {
        let batches = encoder.batches(prepared)
        let work = { @Sendable [encoder, count] (number: Int) throws -> [Tensor] in
            try withoutGradient { try encoder.activations(batches[number].map { prepared[$0] }, behind: count) }
        }
        let isHost = encoder.parameters.device == .cpu && batches.count > 1
        let parts =
            isHost
            ? try concurrentMap(batches.count) { number in try onOneThread { try work(number) } }
            : try batches.indices.map(work)
        let keys = keys(of: samples)
        var found: [Int: Tensor] = [:]
        for (batch, tensors) in zip(batches, parts) {
            for (place, tensor) in zip(batch, tensors) {
                found[place] = tensor
                if let key = keys[place] { try cache.put(tensor, of: key) }
            }
        }
        // As they are read from the cache: the first epoch sees what the others see.
        return try samples.indices.compactMap { place in
            try keys[place].flatMap { try cache.activations(of: $0) }?.moved(to: encoder.parameters.device) ?? found[place]
        }
    }

    /// Writes what is not written yet; says what is kept.
    func finish() -> String { cache.finish() }

    private func keys(of samples: [Sample]) -> [EmbeddingKey?] {
        let known = keys.withLock { keys in samples.map { keys[$0.id] } }
        let missing = known.indices.filter { known[$0] == nil }
        guard !missing.isEmpty else { return known }
        let fresh = concurrentMap(missing.count) { EmbeddingKey(samples[missing[$0]], self.encoder.modality) }
        var all = known
        keys.withLock { keys in
            for (place, key) in zip(missing, fresh) { (all[place], keys[samples[place].id]) = (key, key) }
        }
        return all
    }
}
