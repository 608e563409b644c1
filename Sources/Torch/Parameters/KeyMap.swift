/// What a published layout calls the parameters: a literal table from its keys to the paths here.
///
/// Rules are prefixes; of several that fit, the longest counts. A key that no rule fits keeps its name.
public struct KeyMap: Sendable {
    /// What the layout is called, for example `torchvision`.
    public let name: String
    /// Prefixes by which the layout is known: a file of it has a key that begins with one of these.
    public let markers: [String]
    private let renamed: [(from: String, to: String)]
    private let dropped: [String]

    /// Makes the map of one layout; the order of the rules does not matter.
    ///
    /// - Parameters:
    ///   - name: What the layout is called, for example `torchvision`.
    ///   - markers: Prefixes by which a file of this layout is known.
    ///   - renamed: Prefixes of the file's keys, and what stands for them here.
    ///   - dropped: Prefixes of keys that are left out on purpose, for example a classifier's.
    public init(_ name: String, markers: [String], renamed: [(from: String, to: String)] = [], dropped: [String] = []) {
        self.name = name
        self.markers = markers
        self.renamed = renamed.sorted { $0.from.utf8.count > $1.from.utf8.count }
        self.dropped = dropped
    }

    func fits(_ keys: some Sequence<String>) -> Bool { keys.contains { key in markers.contains(where: key.hasPrefix) } }

    /// The path here; nil for what is dropped.
    func path(of key: String) -> String? {
        if dropped.contains(where: key.hasPrefix) { return nil }
        guard let rule = renamed.first(where: { key.hasPrefix($0.from) }) else { return key }
        return rule.to + key.dropFirst(rule.from.count)
    }

    /// What the layout calls the layer at `path`: of a whole model's name and the bare one, which are both in the table, the bare one.
    public func name(ofLayer path: String) -> String {
        let whole = path + "."
        let rules = renamed.filter { !$0.to.isEmpty && whole.hasPrefix($0.to) }
        guard let longest = rules.map(\.to.utf8.count).max(),
            let rule = rules.filter({ $0.to.utf8.count == longest }).min(by: { $0.from.utf8.count < $1.from.utf8.count })
        else { return path }
        let name = String((rule.from + whole.dropFirst(rule.to.count)).dropLast())
        let prefix = renamed.first { $0.to.isEmpty && name.hasPrefix($0.from) }?.from ?? ""
        return String(name.dropFirst(prefix.count))
    }

    /// The path of the layer that the layout calls `name`; nil for what is dropped.
    public func path(ofLayer name: String) -> String? { path(of: name + ".").map { String($0.dropLast()) } }

    /// What all keys begin with, up to a dot, and no layout knows: `module.`, `_orig_mod.`, `model.`, whatever a program that wraps a model
    /// calls it; several in a row where it was wrapped several times.
    static func wrapper(of keys: [String], _ layouts: [KeyMap]) -> String {
        var wrapper = ""
        var names = keys.map { $0[...] }
        var depth = 0
        // Nobody wraps a model more often than that.
        while depth < 8, names.count > 1, !layouts.contains(where: { $0.fits(names.lazy.map(String.init)) }),
            let dot = names[0].firstIndex(of: ".")
        {
            depth += 1
            let prefix = names[0][...dot]
            guard names.allSatisfy({ $0.hasPrefix(prefix) && $0.count > prefix.count }) else { break }
            wrapper += prefix
            names = names.map { $0.dropFirst(prefix.count) }
        }
        return wrapper
    }
}
