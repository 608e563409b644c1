package import Foundation

/// The folder under which everything lies that can be made or fetched again.
package enum UserCache {
    /// `BRAID_CACHE`, else `XDG_CACHE_HOME/braid`, else `~/.cache/braid`.
    package static func folder(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> URL {
        let given = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) } }
        let home = given("HOME") ?? URL(fileURLWithPath: NSHomeDirectory())
        let caches = given("XDG_CACHE_HOME") ?? home.appendingPathComponent(".cache")
        return given("BRAID_CACHE") ?? caches.appendingPathComponent("braid")
    }
}
