public import Torch

/// From a fused embedding to logits.
///
/// One more is a file with a type that conforms and its `HeadKind`, and a line in `HeadKind.registry`.
public protocol Head {
    /// `[B, inputs]` to logits `[B, outputs]`.
    func callAsFunction(_ input: Tensor, mode: Mode) throws -> Tensor
}

/// A head that configurations may name.
public struct HeadKind: Registrable {
    /// What errors call one of them.
    public static let noun = "a head"

    /// Makes a head on embeddings of a size, for a target, its weights asked of the scope.
    public typealias Make = @Sendable (Scope, _ inputs: Int, Target) throws -> any Head

    /// What `head.type` calls it.
    public let name: String
    /// Where it is described.
    public let paper: String
    /// Reads the head's own keys under a path, and gives what makes it.
    let read: @Sendable (inout ConfigurationReader, String) -> Make

    /// - Parameters:
    ///   - name: Unique among all heads.
    ///   - paper: Where it is described.
    ///   - read: Reads the head's own keys under the path given, and gives what makes it.
    public init(
        name: String, paper: String, read: @escaping @Sendable (inout ConfigurationReader, _ path: String) -> Make
    ) {
        (self.name, self.paper, self.read) = (name, paper, read)
    }

    /// Every head there is.
    public static let registry = Registry<HeadKind>([.mlp, .normalizedLinear])
}

/// What is predicted, and how it is learnt.
public struct HeadSettings: Sendable {
    /// Among several heads; `label` where there is one.
    public let name: String
    /// The manifest's column: `label`, or a further one by the file's own name.
    public let column: String
    /// Of its loss, among several heads.
    public let weight: Double
    /// What is learnt.
    public let task: any LearningTask
    /// What `head.task` calls the task.
    public let kind: TaskKind
    /// The sentences that its weights begin with; nil where they are drawn.
    let sentences: ZeroShotSettings?
    let make: HeadKind.Make

    /// A linear head of a task, everything else as it comes.
    init(_ kind: TaskKind, _ task: (any LearningTask)? = nil) {
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "", file: ""))
        (name, column, weight, self.kind) = ("label", "label", 1, kind)
        self.task = task ?? kind.read(&reader, "head")
        (make, sentences) = (MLPHead.plain, nil)
    }

    /// Reads the keys of a head.
    ///
    /// - Parameters:
    ///   - isOneOfSeveral: Whether it is one of `heads`, and so has a column and a weight of its own.
    ///   - fitted: Why the keys of trained heads do not act; nil where they do.
    init(_ reader: inout ConfigurationReader, _ path: String, name: String, isOneOfSeveral: Bool, fitted: String?) {
        self.name = name
        let task = reader.kind("\(path).task", .multiclass, in: TaskKind.registry, "What is predicted.") {
            reader, kind in
            kind.read(&reader, path)
        }
        let standard = HeadBeginning.isZeroShot(reader, path) ? HeadKind.normalizedLinear : .mlp
        let (head, sentences) = reader.acting(fitted == nil, else: fitted ?? "") { reader in
            let head = reader.kind("\(path).type", standard, in: HeadKind.registry, "What makes logits of the fused embedding.") {
                reader, kind in kind.read(&reader, path)
            }
            return (head, HeadBeginning.read(&reader, path, head.kind))
        }
        self.sentences = fitted == nil ? sentences : nil
        if let fitted {
            reader.refuse("\(path).loss", unless: task.own.isSmooth, "has no slope everywhere; \(fitted)")
            reader.refuse("\(path).calibration", unless: task.own.isCalibrated, "held-out answers calibrate it anyway; \(fitted)")
        }
        (kind, self.task, make) = (task.kind, task.own, head.own)
        guard isOneOfSeveral else {
            (column, weight) = ("label", 1)
            return
        }
        column = reader.optionalString("\(path).column", "The manifest's column with its labels. Default: the head's name.") ?? name
        weight = reader.double("\(path).weight", 1, 0...1000, "Weight of its loss in the sum.")
    }

    /// Reads `head`, or each of `heads`.
    ///
    /// - Parameter fitted: Why the keys of trained heads do not act; nil where they do.
    static func read(_ reader: inout ConfigurationReader, fitted: String? = nil) -> [HeadSettings] {
        if reader.describesAll {
            return [
                HeadSettings(&reader, "head", name: "label", isOneOfSeveral: false, fitted: fitted),
                HeadSettings(&reader, "heads.*", name: "*", isOneOfSeveral: true, fitted: fitted),
            ]
        }
        let names = reader.names(under: "heads")
        guard !names.isEmpty else {
            return [HeadSettings(&reader, "head", name: "label", isOneOfSeveral: false, fitted: fitted)]
        }
        if reader.has("head") { reader.fault("head and heads are both given; name all heads under heads", "heads") }
        for name in names where name.contains(where: { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-")) }) {
            reader.fault("a head's name is made of letters, digits, _ and -", "heads.\(name)")
        }
        let heads = names.map { HeadSettings(&reader, "heads.\($0)", name: $0, isOneOfSeveral: true, fitted: fitted) }
        for (column, same) in Dictionary(grouping: heads, by: \.column) where same.count > 1 {
            reader.fault("\(same.map(\.name).joined(separator: " and ")) both read column \(column)", "heads")
        }
        return heads
    }
}

extension [HeadSettings] {
    /// The label column whose classes splits divide alike; nil where the first head's labels are not classes that exclude
    /// each other.
    var stratum: String? { first.flatMap { $0.kind.form == .classes ? $0.column : nil } }
}
