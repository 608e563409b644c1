internal import Synchronization

/// What encoding a text writes to. One thread has it at a time.
struct Workspace {
    var normalized: [UInt8] = []
    var pieces = Pieces()
    var scratch = ModelScratch()
}

/// As many workspaces as threads have encoded at once, handed from one text to the next with their memory and known words.
final class WorkspacePool: Sendable {
    private let idle = Mutex<[Workspace]>([])

    func withWorkspace(_ body: (inout Workspace) -> Void) {
        var workspace = idle.withLock { $0.popLast() } ?? Workspace()
        body(&workspace)
        idle.withLock { $0.append(workspace) }
    }
}
