internal import Synchronization

/// What a registry keeps: a kind of thing that configurations name.
public protocol Registrable: Sendable {
    /// The name in configurations, unique within the registry.
    var name: String { get }

    /// How errors speak of one of its kind, with the article: `a fusion`.
    static var noun: String { get }
}

/// The kinds of one thing that there are: those built in, and those that other targets add.
///
/// Adding one is a file with the kind, and one line: in the list of those built in, or a call of `register` before the command
/// or the library is used.
public final class Registry<Kind: Registrable>: Sendable {
    private let builtIn: [Kind]
    private let added = Mutex<[Kind]>([])

    /// A registry that knows `builtIn`, in the order that lists and tables give them.
    public init(_ builtIn: [Kind]) { self.builtIn = builtIn }

    /// Adds a kind: from here on configurations and models may name it.
    ///
    /// - Throws: `BraidError` where the name is taken.
    public func register(_ kind: Kind) throws {
        try added.withLock { added throws(BraidError) in
            guard !(builtIn + added).contains(where: { $0.name == kind.name }) else {
                throw BraidError(.badConfiguration, "there is \(Kind.noun) called \(kind.name) already")
            }
            added.append(kind)
        }
    }

    /// Every kind: those built in first, then those added, in the order of their registration.
    public var all: [Kind] { builtIn + added.withLock { $0 } }

    /// The names of all kinds, in their order.
    public var names: [String] { all.map(\.name) }

    /// The kind called `name`; nil where there is none.
    public subscript(name: String) -> Kind? { all.first { $0.name == name } }

    /// The kind called `name`.
    ///
    /// - Throws: `BraidError` that names the nearest one, and all there are.
    public func find(_ name: String) throws -> Kind {
        if let kind = self[name] { return kind }
        let near = nearest(to: name, in: names).map { "; did you mean \($0)?" } ?? "."
        throw BraidError(.badConfiguration, "\(name) is not \(Kind.noun)\(near) Known: \(names.joined(separator: ", "))")
    }
}
