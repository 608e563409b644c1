public import Foundation

/// A folder of media whose class is the folder they lie in, as `torchvision.datasets.ImageFolder` and Hugging Face's `imagefolder` read them:
/// `dog/1.png`, or `train/dog/1.png`.
public struct FolderTree {
    /// The manifest that says the same, as CSV; paths start from the folder.
    public let csv: String
    /// What was seen and left out, in sentences.
    public let notes: [String]

    /// The file that already says what the folder holds, as data sets on the Hugging Face hub have it; nil where there is none.
    public static func metadata(in folder: URL) -> URL? {
        ["metadata.csv", "metadata.jsonl", "manifest.csv", "manifest.jsonl"].map(folder.appendingPathComponent).first {
            FileManager.default.fileExists(atPath: $0.path)
        }
    }

    init(csv: String, notes: [String]) { (self.csv, self.notes) = (csv, notes) }

    /// Looks through a folder.
    ///
    /// - Parameters:
    ///   - folder: The folder.
    ///   - base: What paths are relative to: where the manifest will lie.
    /// - Throws: `BraidError` where no file lies in a folder of its class, or both pictures and recordings do.
    public init(_ folder: URL, relativeTo base: URL) throws {
        let described = Self.metadataOfSplits(in: folder)
        guard described.isEmpty else {
            self = try FolderTree(joining: described, relativeTo: base)
            return
        }
        var (rows, files, others, loose) = ([[String]](), Set<String>(), 0, 0)
        let found = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])
        let root = folder.standardizedFileURL.path
        var paths: [String] = []
        while let url = found?.nextObject() as? URL {
            if (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true {
                paths.append(String(url.standardizedFileURL.path.dropFirst(root.count + 1)))
            }
        }
        // Where every folder is called as a split is, they are splits, even if no class lies between them and the files.
        let areSplits = paths.allSatisfy { path in path.split(separator: "/").first.map { Split(named: String($0)) != nil } ?? false
        }
        for path in paths.sorted() {
            let ending = (path as NSString).pathExtension.lowercased()
            let kind = FileEndings.pictures.contains(ending) ? "image" : FileEndings.recordings.contains(ending) ? "audio" : nil
            guard let kind else {
                others += 1
                continue
            }
            var parts = path.split(separator: "/").dropLast().map(String.init)
            let split = parts.count > 1 || areSplits ? parts.first.flatMap { Split(named: $0) } : nil
            if split != nil { parts.removeFirst() }
            guard !parts.isEmpty else {
                loose += 1
                continue
            }
            files.insert(kind)
            let place = Paths.relative(folder.appendingPathComponent(path), to: base)
            rows.append([path, split?.rawValue ?? "", place, parts.joined(separator: "/")])
        }
        guard files.count == 1, let kind = files.first else {
            let reason =
                files.isEmpty
                ? "no picture and no recording lies in a folder named after its class" : "pictures and recordings lie together"
            throw BraidError(.badData, "\(folder.path): \(reason); expected CLASS/FILE or SPLIT/CLASS/FILE, or a manifest")
        }
        let isSplit = rows.allSatisfy { !$0[1].isEmpty }
        guard isSplit || rows.allSatisfy({ $0[1].isEmpty }) else {
            throw BraidError(.badData, "\(folder.path): some classes lie under train, val or test, and some beside them")
        }
        let header = ["id"] + (isSplit ? ["split"] : []) + [kind, "label"]
        let lines = rows.map { row in isSplit ? row : [row[0]] + row[2...] }
        csv = ([header] + lines).map { $0.map(DelimitedText.quoted).joined(separator: ",") + "\n" }.joined()
        notes = [
            others > 0 ? "left out, for they are neither pictures nor recordings: \(counted(others, "file"))" : nil,
            loose > 0 ? "left out, for they lie in no folder of a class: \(counted(loose, "file"))" : nil,
        ].compactMap { $0 }
    }
}
