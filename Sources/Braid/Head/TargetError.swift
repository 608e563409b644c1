/// Why labels cannot be used.
public enum TargetError: Error, CustomStringConvertible {
    /// The train split has too few classes: so many.
    case fewClasses(Int)
    /// The train split has more classes than the limit `classes` lets: so many.
    case manyClasses(Int)
    /// What the train split lacks, in words.
    case lacking(String)
    /// A class that the train split does not have.
    case unknownClass(String, known: [String])
    /// Classes that cannot be added to those of an earlier model.
    case fixedClasses([String], known: [String])
    /// A list of names of which one is empty, and what stands between them.
    case emptyName(String, String)
    /// A list of names with one twice.
    case doubledName(String)
    /// What should be a number.
    case notANumber(String)

    /// What is wrong, and what was expected.
    public var description: String {
        switch self {
        case .fewClasses(let count):
            return "a classifier needs at least two classes in the train split; it has \(count)"
        case .lacking(let message): return message
        case .unknownClass(let name, let known):
            let shown = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
            return "class \(name) is not among those of the train split, so it cannot be learnt or judged: \(shown)"
        case .manyClasses(let count): return Limit.classes.fault("\(count) classes in the train split").message
        case .fixedClasses(let new, let known):
            return
                "\(listed(new)): the earlier model tells \(known.prefix(50).joined(separator: " from ")), and a head of this task cannot take a further class; head.task: multiclass can"
        case .emptyName(let text, let separator):
            return
                "\"\(text)\" has an empty name; expected names joined by \(separator), or a lone \(separator) where no class applies"
        case .doubledName(let text): return "\"\(text)\" names a class twice"
        case .notANumber(let text): return "\"\(text)\" is not a number; head.task is regression"
        }
    }
}
