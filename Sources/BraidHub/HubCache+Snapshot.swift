internal import BraidSupport
internal import Foundation

extension HubCache {
    /// The snapshot of the revision, where all that Braid reads of what `HubFiles` chooses is there.
    ///
    /// What the repository has is known from a note, Braid's (`listings/COMMIT.json`) or the reference client's
    /// (`trees/COMMIT.json`, of its `snapshot_download` from version 2). Without one, a snapshot with weights may be whole:
    /// another program fetched what it wanted, and `isCertain` says whether it can have left out a file that counts.
    func completeSnapshot(of repository: HubRepository) throws -> (url: URL, isCertain: Bool)? {
        guard let commit = commit(of: repository) else { return nil }
        let listing = listing(of: commit)
        let files = listing ?? names(at: commit)
        guard let selection = try? HubFiles.selection(of: files, read: { try json($0, at: commit) }), selection.isFinal,
            !selection.all.isEmpty, selection.needed.allSatisfy({ has($0, at: commit) })
        else { return nil }
        guard listing == nil else { return (snapshot(commit), true) }
        guard !selection.weights.isEmpty, hasParts(at: commit) else { return nil }
        return (snapshot(commit), isSettled(at: commit))
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
        return try JSONValue(JSONText.read(file), path: file.path)
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

    /// Whether the folders that `modules.json` names are there; of a module without settings, `Normalize`, there is none.
    private func hasParts(at commit: String) -> Bool {
        guard let modules = try? json("modules.json", at: commit), let parts = try? HubFiles.modules(modules) else { return true }
        return parts.allSatisfy { $0.path.isEmpty || $0.kind == "Normalize" || has("\($0.path)/config.json", at: commit) }
    }

    /// Whether nothing that changes embeddings can be missing from a snapshot that another program made.
    private func isSettled(at commit: String) -> Bool {
        // Every repository of the hub has one, and who asks for it asked for all.
        if has(".gitattributes", at: commit) { return true }
        func isSettled(_ name: String) -> Bool { has(name, at: commit) || isAbsent(name, at: commit) }
        guard HubFiles.tokenizers.contains(where: { has($0, at: commit) }) else {
            // No text: a picture's transform lies beside a Transformers configuration, and within timm's.
            let config = try? json("config.json", at: commit)
            return isSettled("preprocessor_config.json") || config?.object?["model_type"] == nil
        }
        return isSettled("modules.json")
    }

    /// Whether the reference client asked for the file, and the hub said that the commit has none.
    private func isAbsent(_ name: String, at commit: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(".no_exist/\(commit)/\(name)").path)
    }
}
