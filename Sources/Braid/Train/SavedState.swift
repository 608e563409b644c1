internal import Foundation

/// Where a training stands, as a checkpoint keeps it: with what it was reached on, for going on with other data would be another training.
protocol SavedState: Codable {
    /// Of the manifest.
    var manifestSHA256: String { get }
    /// What is predicted.
    var targets: [TargetRecord] { get }
}

extension SavedState {
    /// Reads the state that `file` of a checkpoint's `folder` keeps; nil where nothing was written.
    ///
    /// - Throws: `BraidError` where it is damaged, or of other data.
    static func read(_ file: URL, in folder: URL, manifestSHA256: String, targets: [Target]) throws -> Self? {
        try ReplacedFolder(folder).recover()
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let state: Self
        do { state = try JSONText.decode(JSONText.read(file), file: file.path) } catch let error as BraidError {
            throw BraidError(error.code, "\(error); start a new run with --out")
        }
        guard state.manifestSHA256 == manifestSHA256, state.targets == targets.map(TargetRecord.init) else {
            throw BraidError(.badData, "\(folder.path): the manifest has changed since this run began; start a new run with --out")
        }
        return state
    }
}
