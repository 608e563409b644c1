public import Foundation

/// Paths as configurations write them.
public enum Paths {
    /// The file or folder that `path` names: itself where it is absolute, else from `folder`.
    public static func resolve(_ path: String, in folder: URL) -> URL {
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path).standardizedFileURL
    }

    /// How `folder` would name `url`: downwards, or upwards with `..`; absolute where they share nothing but the root.
    public static func relative(_ url: URL, to folder: URL) -> String {
        let (target, base) = (url.standardizedFileURL.pathComponents, folder.standardizedFileURL.pathComponents)
        let shared = zip(target, base).prefix { $0 == $1 }.count
        guard shared > 1 else { return url.standardizedFileURL.path }
        return (Array(repeating: "..", count: base.count - shared) + target.dropFirst(shared)).joined(separator: "/")
    }
}
