internal import Foundation

/// Media that a manifest names by address: fetched once, into the user's cache, and files from there on.
enum WebMedia {
    static var folder: URL { UserCache.folder().appendingPathComponent("media") }

    static func isAddress(_ path: String) -> Bool { path.hasPrefix("https://") || path.hasPrefix("http://") }

    /// Where the content of an address lies, or will lie. `#sha256=…` behind an address is what its content must have.
    static func file(of address: String) -> URL {
        folder.appendingPathComponent(String(Fingerprint.of(address).prefix(40)))
    }
}
