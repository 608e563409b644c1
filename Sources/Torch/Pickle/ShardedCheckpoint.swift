internal import BraidSupport
public import Foundation

/// A checkpoint in several files, with an index that says which tensor is in which: `model.safetensors.index.json` or
/// `pytorch_model.bin.index.json`.
///
/// The shards are memory-mapped: of each only its directory is read until a tensor is used.
/// Format: `save_pretrained` of transformers: `{"metadata": {…}, "weight_map": {"name": "file", …}}`.
public final class ShardedCheckpoint: Checkpoint {
    /// The path of the index, as errors show it.
    public let path: String
    /// Dtype and shape of every tensor that the index names, by name.
    public let directory: [String: CheckpointEntry]
    private let shards: [String: any Checkpoint]
    /// Which shard each tensor is in.
    private let places: [String: String]

    /// Reads the index, and the directory of every shard beside it.
    ///
    /// - Throws: `CheckpointError`, one for all that is wrong with the index and its shards.
    public init(_ url: URL) throws(CheckpointError) {
        let index = try ShardIndex(url)
        var faults: [String] = []
        var shards: [String: any Checkpoint] = [:]
        for file in Set(index.places.values).sorted() {
            do {
                shards[file] = try Self.open(file, beside: url)
            } catch {
                faults.append(Self.fault(error, file, beside: url))
            }
        }
        let directories = shards.mapValues(\.directory)
        let (count, most) = (directories.values.reduce(0) { $0 + $1.count }, Limit.tensors.value)
        guard count <= most else { throw Refusal.exceeded(.tensors, "its files have \(count) tensors", most).of(url.path) }
        var directory: [String: CheckpointEntry] = [:]
        /// The files that have a tensor of this name: one, in a checkpoint without faults.
        var holders: [String: [String]] = [:]
        for (file, entries) in directories { for name in entries.keys { holders[name, default: []].append(file) } }
        for (name, file) in index.places.sorted(by: { $0.key < $1.key }) {
            guard let shard = directories[file] else { continue }
            directory[name] = shard[name]
            if shard[name] == nil {
                let reason = (shards[file] as? PickledCheckpoint)?.unsupported[name].map { ", or cannot be read: \($0)" } ?? ""
                faults.append("\(shown(name)) is not in \(shown(file))\(reason)")
            }
            for other in holders[name, default: []].sorted() where other != file {
                faults.append("\(shown(name)) is in \(shown(file)) and in \(shown(other))")
            }
        }
        guard faults.isEmpty else {
            let more = faults.count > 20 ? ["… and \(faults.count - 20) more"] : []
            let lines = (faults.prefix(20) + more).map { "\n  \($0)" }.joined()
            throw CheckpointError(path: url.path, message: "the index and its files do not fit:\(lines)")
        }
        (path, self.directory, self.shards, places) = (url.path, directory, shards, index.places)
    }

    /// The tensor called `name`: a view of its mapped shard where that is possible.
    ///
    /// - Throws: `CheckpointError` where there is none.
    public func tensor(_ name: String) throws -> Tensor {
        guard let shard = places[name].flatMap({ shards[$0] }) else {
            throw CheckpointError(path: path, message: "there is no tensor called \(name)")
        }
        return try shard.tensor(name)
    }

    /// Gives back the memory that reading `name` took in its shard; for a tensor that was copied, and of which no view is in
    /// use.
    public func discard(_ name: String) { places[name].flatMap { shards[$0] }?.discard(name) }

    private static func open(_ file: String, beside index: URL) throws -> any Checkpoint {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), !file.contains("\0") else {
            throw Refusal("is not in the index's folder")
        }
        let url = index.deletingLastPathComponent().appendingPathComponent(file)
        // Not an index again, which could be this one.
        if try Checkpoints.format(of: url) == .index { throw Refusal("is no checkpoint but an index") }
        return try Checkpoints.open(url)
    }

    private static func fault(_ error: any Error, _ file: String, beside index: URL) -> String {
        switch error {
        case let error as Refusal: "\(shown(file)) \(error.message)"
        case let error as CheckpointError: "\(shown(file)): \(error.message)"
        case let error as SafetensorsError: "\(shown(file)): \(error.message)"
        default: "\(shown(file)): \(error)"
        }
    }
}

/// The index of a checkpoint in several files.
private struct ShardIndex {
    /// The file each tensor is in.
    let places: [String: String]

    init(_ url: URL) throws(CheckpointError) {
        func fault(_ message: String) -> CheckpointError { CheckpointError(path: url.path, message: message) }
        let mapping: FileMapping
        do { mapping = try FileMapping(url) } catch { throw CheckpointError(error) }
        let largest = Limit.headerBytes.value
        guard mapping.bytes.count <= largest else {
            throw Refusal.exceeded(.headerBytes, "is an index of \(mapping.bytes.count) bytes", largest).of(url.path)
        }
        var places: [String: String]?
        do {
            try withExtendedLifetime(mapping) {
                try mapping.bytes.withMemoryRebound(to: UInt8.self) { text in
                    var scanner = JSONScanner(text)
                    try scanner.forEachField { name, scanner in
                        guard name == "weight_map" else { return try scanner.skipValue() }
                        guard places == nil else { throw Refusal("has two of weight_map") }
                        places = try Self.places(&scanner)
                    }
                    guard scanner.peek() == 0, scanner.offset == text.count else { throw scanner.fault("its end") }
                }
            }
        } catch let refusal as Refusal {
            throw refusal.of(url.path)
        } catch { places = nil }
        guard let places else { throw fault("is not the index of a checkpoint: it has no weight_map from names to files") }
        guard !places.isEmpty else { throw fault("the index names no tensors") }
        self.places = places
    }

    private static func places(_ scanner: inout JSONScanner) throws -> [String: String] {
        let (mostTensors, mostFiles, longest) = (Limit.tensors.value, Limit.shards.value, Limit.tensorNameBytes.value)
        var places: [String: String] = [:]
        var files: Set<String> = []
        try scanner.forEachField { name, scanner in
            guard places.count < mostTensors else {
                throw Refusal.exceeded(.tensors, "names more than \(mostTensors) tensors", mostTensors)
            }
            guard name.utf8.count <= longest else {
                throw Refusal.exceeded(.tensorNameBytes, "has a name of \(name.utf8.count) bytes", longest)
            }
            let file = try scanner.text()
            // One text for all tensors of a file.
            let (_, known) = files.insert(file)
            guard files.count <= mostFiles else { throw Refusal.exceeded(.shards, "names more than \(mostFiles) files", mostFiles) }
            guard places.updateValue(known, forKey: name) == nil else { throw Refusal("names \(shown(name)) twice") }
        }
        return places
    }
}
