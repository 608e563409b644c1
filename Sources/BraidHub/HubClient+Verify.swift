internal import BraidSupport
internal import Foundation

/// What `HubClient.verify` found.
public struct HubVerification: Sendable, CustomStringConvertible {
    /// A file whose content is not what its name in the cache says.
    public struct Damage: Sendable, CustomStringConvertible {
        /// The file's name in the repository.
        public let file: String
        /// The path that the content lies at in the cache.
        public let blob: String
        /// The checksum that the content should have, hexadecimal.
        public let expected: String
        /// The checksum that the content has; nil where the content is gone.
        public let found: String?

        /// One line for a person to read: what is wrong, and what to do.
        public var description: String {
            found.map { "\(file): its sum is \($0), not \(expected); delete \(blob) and download again" }
                ?? "\(file): its content \(blob) is gone; download again"
        }
    }

    /// Names of the files whose checksum is right.
    public internal(set) var intact: [String] = []
    /// Files whose checksum is wrong, or whose content is gone.
    public internal(set) var damaged: [Damage] = []
    /// Names of the files whose name in the cache is no checksum, so that nothing can be said.
    public internal(set) var unchecked: [String] = []

    /// How many files are intact, damaged and without a checksum, then a line for each damaged one.
    public var description: String {
        (["\(intact.count) files are intact, \(damaged.count) damaged, \(unchecked.count) have no checksum"]
            + damaged.map(\.description))
            .joined(separator: "\n")
    }
}

extension HubClient {
    /// Computes the checksums of a cached snapshot anew, without a connection.
    ///
    /// - Throws: `BraidError`: `.noInput` where the cache has no such snapshot; Foundation's error where a file cannot be read.
    public func verify(_ repository: HubRepository) throws -> HubVerification {
        let cache = HubCache(environment.cache, repository)
        guard let commit = cache.commit(of: repository), case let names = cache.names(at: commit), !names.isEmpty else {
            throw BraidError(.noInput, "model \(repository): \(cache.lack(of: repository)); there is nothing to verify")
        }
        var result = HubVerification()
        for name in names {
            let file = cache.snapshot(commit).appendingPathComponent(name)
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: file.path)
            let etag = target.map { URL(fileURLWithPath: $0).lastPathComponent } ?? ""
            guard let sum = BlobChecksum(etag: etag) else {
                result.unchecked.append(name)
                continue
            }
            let found = cache.has(name, at: commit) ? try sum.found(in: file) : nil
            if found == sum.expected {
                result.intact.append(name)
            } else {
                result.damaged.append(.init(file: name, blob: cache.blob(etag).path, expected: sum.expected, found: found))
            }
        }
        return result
    }
}
