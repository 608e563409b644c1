internal import Synchronization

/// The cached embeddings of the encoders of one piece of work, which is done part by part: each is opened once.
final class OpenShards: Sendable {
    private let open = Mutex<[Modality: CacheShard]>([:])

    /// The shard of a modality's encoder; `make` opens it the first time.
    func shard(_ modality: Modality, _ make: () throws -> CacheShard?) throws -> CacheShard? {
        if let shard = open.withLock({ $0[modality] }) { return shard }
        let shard = try make()
        open.withLock { $0[modality] = shard }
        return shard
    }

    /// Writes what is left, and keeps the cache within its limit.
    func finish() { for shard in open.withLock({ Array($0.values) }) { shard.finish() } }
}
