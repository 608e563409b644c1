internal import Foundation

extension HubCache {
    /// The snapshot of the revision, where all that `HubFiles` chooses is there.
    ///
    /// What the repository has is known from the reference client's note (`trees/COMMIT.json`). Without one, a snapshot that has its
    /// weights is whole, for they come last.
    func completeSnapshot(of repository: HubRepository) throws -> URL? {
        guard let commit = commit(of: repository) else { return nil }
        let files = tree(of: commit) ?? names(at: commit)
        guard let selection = try? HubFiles.selection(of: files, read: { try json($0, at: commit) }), selection.isFinal,
            !selection.all.isEmpty, selection.all.allSatisfy({ has($0, at: commit) })
        else { return nil }
        if selection.weights.isEmpty, tree(of: commit) == nil { return nil }
        return snapshot(commit)
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

    private func tree(of commit: String) -> [String]? {
        guard let tree = try? JSONObject(folder.appendingPathComponent("trees/\(commit).json")) else { return nil }
        return (tree.fields["files"] as? [String: Any]).map { Array($0.keys) }
    }
}
