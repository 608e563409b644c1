import Foundation

/// A command that was run, and how it ended.
struct Ended {
    let code: Int32
    let out: String
    let error: String

    /// Runs a command that lies beside the test bundle, without any network, and waits for it.
    init(_ command: String, _ arguments: [String], in folder: URL, _ environment: [String: String] = [:]) throws {
        try self.init(Self.program(command), arguments, folder, environment)
    }

    /// Runs a line of the shell's, in which `$braid` is the command: for streams that are closed, full, or go away.
    init(shell line: String, in folder: URL, _ environment: [String: String] = [:]) throws {
        let own = ["braid": Self.program("braid").path].merging(environment) { $1 }
        try self.init(URL(fileURLWithPath: "/bin/sh"), ["-c", line], folder, own)
    }

    /// A command beside the test bundle.
    static func program(_ name: String) -> URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent(name)
    }

    private init(
        _ program: URL, _ arguments: [String], _ folder: URL, _ environment: [String: String]
    ) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = ProcessInfo.processInfo.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }.merging(environment) {
            $1
        }
        // Hidden, so that they are no part of what the command finds in the folder.
        let (out, error) = (folder.appendingPathComponent(".stdout"), folder.appendingPathComponent(".stderr"))
        for file in [out, error] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: error)
        try process.run()
        process.waitUntilExit()
        code = process.terminationStatus
        self.out = try String(contentsOf: out, encoding: .utf8)
        self.error = try String(contentsOf: error, encoding: .utf8)
    }
}
