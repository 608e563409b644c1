internal import Foundation

/// The folders that `bundled:NAME` is looked for in.
///
/// Braid brings the demo's small encoders; larger ones are fetched, for example by `make setup`, and found by every program of the user in
/// `BRAID_WEIGHTS`, else in the user's data folder.
enum BundledWeights {
    /// Folders of weights folders, the first of which that has a name is taken: `BRAID_WEIGHTS` (several with `:` between), the user's
    /// data folder, and what lies beside the executable: of an installed command, of a built one, and of the checkout.
    static func roots(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> [URL] {
        let given = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let named = given("BRAID_WEIGHTS")?.split(separator: ":").map { URL(fileURLWithPath: String($0)) } ?? []
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return named + [
            userFolder(environment), executable.appendingPathComponent("../share/braid/weights").standardizedFileURL,
            executable.appendingPathComponent("Braid_Braid.resources/weights"),
            executable.appendingPathComponent("../../../.deps/weights").standardizedFileURL,
        ]
    }

    /// `XDG_DATA_HOME/braid/weights`, else `~/.local/share/braid/weights`.
    static func userFolder(_ environment: [String: String]) -> URL {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        let data = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.local/share"
        return URL(fileURLWithPath: data).appendingPathComponent("braid/weights")
    }

    /// The names that `bundled:` takes.
    static func names(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> [String] {
        let names = roots(environment).flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0.path)) ?? [] }
        return Set(names.filter { !$0.hasPrefix(".") }).sorted()
    }

    /// The folder of the weights called `name`.
    ///
    /// - Throws: `BraidError` that names the nearest ones, and says where weights are looked for.
    static func folder(
        _ name: String, _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> URL {
        let candidates = roots(environment).map { $0.appendingPathComponent(name) }
        let isName = !name.isEmpty && !name.contains("/") && !name.hasPrefix(".")
        if isName, let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) { return found }
        let known = names(environment)
        let near = nearest(to: name, in: known).map { "; did you mean bundled:\($0)?" } ?? "."
        throw BraidError(
            .noInput,
            "there are no bundled weights called \(name)\(near) Known: \(known.joined(separator: ", ")). They are looked for in BRAID_WEIGHTS, in \(userFolder(environment).path), and beside the program: run make weights in Braid's checkout, which puts what make setup fetched into that folder, or set BRAID_WEIGHTS to a folder that has a folder \(name)"
        )
    }
}
