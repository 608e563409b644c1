public import Foundation

/// Paths as configurations write them.
public enum Paths {
    /// The file or folder that `path` names: itself where it is absolute, from the user's home where it begins with `~/`, else from `folder`.
    public static func resolve(_ path: String, in folder: URL) -> URL {
        if path.hasPrefix("/") { return URL(fileURLWithPath: path) }
        let (base, rest) = path.hasPrefix("~/") ? (home, String(path.dropFirst(2))) : (folder, path)
        return base.appendingPathComponent(rest).standardizedFileURL
    }

    private static var home: URL {
        let given = ProcessInfo.processInfo.environment["HOME"] ?? ""
        return URL(fileURLWithPath: given.hasPrefix("/") ? given : NSHomeDirectory()).standardizedFileURL
    }

    /// What is left of a name where it is a place on this machine, which is nobody's business: the last part. An id on a hub, a name, and a path from
    /// here downwards stay as they are.
    public static func withoutPlace(_ name: String) -> String {
        let isPlace = name.hasPrefix("/") || name.hasPrefix("~") || name.split(separator: "/").contains("..")
        return isPlace ? URL(fileURLWithPath: name).lastPathComponent : name
    }

    /// How a file in `folder` that is passed on names `url`, so that `resolve` finds it again: from the folder, downwards or upwards; where the way
    /// would lead down into the user's home, whose name is nobody's business, from there.
    public static func portable(_ url: URL, from folder: URL) -> String {
        let (target, base) = (url.standardizedFileURL.pathComponents, folder.standardizedFileURL.pathComponents)
        let home = home.pathComponents
        let shared = zip(target, base).prefix { $0 == $1 }.count
        if home.count > 1, shared < home.count, target.starts(with: home), target.count > home.count {
            return "~/" + target.dropFirst(home.count).joined(separator: "/")
        }
        let way = Array(repeating: "..", count: base.count - shared) + target.dropFirst(shared)
        return way.isEmpty ? "." : way.joined(separator: "/")
    }

    /// How `folder` would name `url`: downwards, or upwards with `..`; absolute where they share nothing but the root.
    public static func relative(_ url: URL, to folder: URL) -> String {
        let (target, base) = (url.standardizedFileURL.pathComponents, folder.standardizedFileURL.pathComponents)
        let shared = zip(target, base).prefix { $0 == $1 }.count
        guard shared > 1 else { return url.standardizedFileURL.path }
        return (Array(repeating: "..", count: base.count - shared) + target.dropFirst(shared)).joined(separator: "/")
    }
}
