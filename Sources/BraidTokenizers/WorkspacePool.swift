internal import Foundation

/// What encoding a text writes to. One thread has it at a time.
struct Workspace {
    var normalized: [UInt8] = []
    var pieces = Pieces()
    var scratch = ModelScratch()
}

/// As many workspaces as threads have encoded at once, handed from one text to the next with their memory and known words.
final class WorkspacePool: @unchecked Sendable {
    private let lock = NSLock()
    private var idle: [Workspace] = []

    func withWorkspace(_ body: (inout Workspace) -> Void) {
        var workspace = lock.withLock { idle.popLast() } ?? Workspace()
        body(&workspace)
        lock.withLock { idle.append(workspace) }
    }
}
