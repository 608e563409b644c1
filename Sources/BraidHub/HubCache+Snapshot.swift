internal import BraidSupport
internal import Foundation

extension HubCache {
    /// The snapshot of the revision, where all that `HubFiles` chooses is there.
    ///
    /// What the repository has is known from a note, Braid's (`listings/COMMIT.json`) or the reference client's
    /// (`trees/COMMIT.json`). Without one, a snapshot with weights may be whole: another program fetched what it wanted.
    func completeSnapshot(of repository: HubRepository) throws -> (url: URL, isCertain: Bool)? {
        guard let commit = commit(of: repository) else { return nil }
        let listing = listing(of: commit)
        let files = listing ?? names(at: commit)
        guard let selection = try? HubFiles.selection(of: files, read: { try json($0, at: commit) }), selection.isFinal,
            !selection.all.isEmpty, selection.all.allSatisfy({ has($0, at: commit) })
        else { return nil }
        if selection.weights.isEmpty, listing == nil { return nil }
        return (snapshot(commit), listing != nil)
    }

    /// Notes what files the repository has at `commit`.
    func note(_ files: [String], at commit: String) throws {
        let data = try JSONSerialization.data(withJSONObject: ["files": files], options: [.sortedKeys])
        let note = folder.appendingPathComponent("listings/\(commit).json")
        try HubCache.writing(note) {
            try FileManager.default.createDirectory(at: note.deletingLastPathComponent(), withIntermediateDirectories: true)
            try data.write(to: note, options: .atomic)
        }
    }

    /// Why there is no complete snapshot, for a message.
    func lack(of repository: HubRepository) -> String {
        guard let commit = commit(of: repository), FileManager.default.fileExists(atPath: snapshot(commit).path) else {
            return "is not in the cache (\(folder.path))"
        }
        return "is in the cache in part only (\(snapshot(commit).path))"
    }

    /// A file of the snapshot as JSON; nil where it is not there.
    func json(_ name: String, at commit: String) throws -> JSONValue? {
        guard has(name, at: commit) else { return nil }
        let file = snapshot(commit).appendingPathComponent(name)
        return try JSONValue(Data(contentsOf: file), path: file.path)
    }

    /// Whether the blob is there, in the size that the hub announces.
    func hasBlob(_ file: HubFile) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: blob(file.etag).path)
        guard let size = (attributes?[.size] as? NSNumber)?.intValue else { return false }
        return file.size.map { $0 == size } ?? true
    }

    /// Paths of the snapshot's files, dangling links among them.
    func names(at commit: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: snapshot(commit).path)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(
                atPath: snapshot(commit).appendingPathComponent(name).path, isDirectory: &isFolder)
            return !(exists && isFolder.boolValue)
        }.sorted()
    }

    private func listing(of commit: String) -> [String]? {
        if let note = try? JSONObject(folder.appendingPathComponent("listings/\(commit).json")) {
            return note.fields["files"] as? [String]
        }
        guard let tree = try? JSONObject(folder.appendingPathComponent("trees/\(commit).json")) else { return nil }
        return (tree.fields["files"] as? [String: Any]).map { Array($0.keys) }
    }
}
