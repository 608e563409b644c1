internal import Foundation

/// What a head predicts, as the train split showed it: classes, or the scale of a number.
public struct Target: Sendable, Equatable, Codable {
    /// The head's name.
    public let name: String
    /// The manifest's column it is learnt from.
    public let column: String
    public let task: TaskKind
    /// In the order of the outputs; of a binary task the negative and then the positive one. Empty for regression.
    public let classes: [String]
    /// Mean of a regression's labels in the train split; 0 for other tasks.
    public let mean: Double
    /// Their standard deviation; 1 for other tasks.
    public let deviation: Double

    public init(
        name: String = "label", column: String = "label", task: TaskKind = .multiclass, classes: [String] = [], mean: Double = 0,
        deviation: Double = 1
    ) {
        self.name = name
        self.column = column
        self.task = task
        self.classes = classes
        self.mean = mean
        self.deviation = deviation
    }

    /// How many logits the head gives.
    public var outputs: Int {
        switch task {
        case .multiclass, .multilabel: classes.count
        case .binary, .regression: 1
        }
    }

    /// A label as the loss and the metrics take it.
    enum Value: Equatable {
        case index(Int)
        case flags([Bool])
        case number(Double)
    }

    /// What `text`, a cell of the manifest, means.
    ///
    /// - Throws: `TargetError` that says what was expected.
    func value(of text: String) throws(TargetError) -> Value {
        switch task {
        case .multiclass, .binary:
            guard let index = classes.firstIndex(of: text) else { throw .unknownClass(text, known: classes) }
            return .index(index)
        case .multilabel:
            var flags = Array(repeating: false, count: classes.count)
            for name in try Self.names(in: text) {
                guard let index = classes.firstIndex(of: name) else { throw .unknownClass(name, known: classes) }
                flags[index] = true
            }
            return .flags(flags)
        case .regression: return .number(try Self.number(text))
        }
    }

    /// The names in a multilabel cell: joined by `|`; a lone `|` says that no class applies.
    static func names(in text: String) throws(TargetError) -> [String] {
        guard text != "|" else { return [] }
        let names = text.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
        guard !names.contains("") else { throw .emptyName(text) }
        guard Set(names).count == names.count else { throw .doubledName(text) }
        return names
    }

    static func number(_ text: String) throws(TargetError) -> Double {
        guard let number = Double(text), number.isFinite else { throw .notANumber(text) }
        return number
    }
}

/// Why a label cannot be used.
enum TargetError: Error, CustomStringConvertible {
    case unknownClass(String, known: [String])
    case emptyName(String)
    case doubledName(String)
    case notANumber(String)

    var description: String {
        switch self {
        case .unknownClass(let name, let known):
            let shown = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
            return "class \(name) is not among those of the train split, so it cannot be learnt or judged: \(shown)"
        case .emptyName(let text):
            return "\"\(text)\" has an empty name; expected names joined by |, or a lone | where no class applies"
        case .doubledName(let text): return "\"\(text)\" names a class twice"
        case .notANumber(let text): return "\"\(text)\" is not a number; head.task is regression"
        }
    }
}
