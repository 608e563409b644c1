/// What labels look like as something to learn.
struct ProposedTask {
    let kind: TaskKind
    /// What stands between two names, where that is not `|`.
    let separator: String?

    /// Lists, or names joined by `|`, a comma or a semicolon; numbers that are too many, or not whole; two classes, or several.
    init(_ labels: [String]) {
        let distinct = Set(labels.filter { !$0.isEmpty })
        separator =
            distinct.contains { $0.utf8.contains(UInt8(ascii: "|")) }
            ? nil : ([",", ";"] as [Character]).first { Self.joins(distinct, $0) }.map(String.init)
        if separator != nil || distinct.contains(where: { $0.utf8.contains(UInt8(ascii: "|")) || NameList.names(in: $0) != nil }) {
            kind = .multilabel
            return
        }
        let numbers = distinct.compactMap(Double.init)
        let areNumbers = numbers.count == distinct.count && distinct.count > 10
        if areNumbers && (distinct.count > 50 || numbers.contains { $0 != $0.rounded() }) {
            kind = .regression
        } else {
            kind = distinct.count == 2 ? .binary : .multiclass
        }
    }

    /// Whether labels are few names in many combinations: not so of `Boston, MA` and `Salem, OR`.
    private static func joins(_ labels: Set<String>, _ separator: Character) -> Bool {
        guard labels.contains(where: { $0.contains(separator) && !$0.hasPrefix("[") }) else { return false }
        var names: Set<String> = []
        for label in labels {
            for name in label.split(separator: separator) { names.insert(name.filter { !$0.isWhitespace }) }
            // Of sentences, the first ones tell: the rest is not looked at.
            guard names.count < labels.count else { return false }
        }
        return names.allSatisfy { Double($0) == nil }
    }

    /// A head that learns them.
    var head: HeadSettings { HeadSettings(kind, separator.map { Multilabel(separator: $0) }) }
    /// The line of a configuration.
    var line: String { "head: {task: \(kind)\(separator.map { ", separator: \"\($0)\"" } ?? "")}" }
}
