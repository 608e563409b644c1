internal import BraidSupport

/// A checkpoint that cannot be read: damaged, of an unknown format, or holding what is no tensor.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
    /// The file that cannot be read.
    public let path: String
    /// What is wrong with it, and what to do, without the path.
    public let message: String
    /// Whether it is not there, is no file, or may not be read; else it was read, and something in it is wrong.
    package var isUnreadable = false

    /// Makes one from its parts.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    /// The same of a file that could not be opened.
    init(_ error: SafetensorsError) {
        self.init(path: error.path, message: error.message)
        isUnreadable = error.isUnreadable
    }

    /// One line for a person to read: the path and what is wrong.
    public var description: String { "\(path): \(message)" }
}

/// What is wrong with some bytes, before it is known which file they are of.
struct Refusal: Error, Sendable {
    let message: String

    init(_ message: String) { self.message = message }

    func of(_ path: String) -> CheckpointError { CheckpointError(path: path, message: message) }

    /// Bytes that contradict each other, or end too early.
    static func damaged(_ what: String) -> Refusal { Refusal("is damaged: \(what)") }

    /// More of something than the limit allows.
    static func exceeded(_ limit: Limit, _ what: String, _ bound: Int) -> Refusal {
        Refusal(limit.fault(what, bound: bound).message)
    }

    /// Something that reading the file would have had to execute.
    static func unsafe(_ what: String) -> Refusal {
        Refusal("\(what). \(nothingExecuted)")
    }

    static let nothingExecuted = """
        Nothing in the file was executed. Get these weights as safetensors, or save them again in Python: \
        torch.save(model.state_dict(), "weights.pth")
        """
}

/// Text from an untrusted file, fit for one line of a terminal: no control characters, no more than 80 characters.
func shown(_ text: some StringProtocol) -> String {
    let plain = text.unicodeScalars.prefix(81).map { scalar -> String in
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: "?"
        default: String(scalar)
        }
    }
    return plain.count > 80 ? plain.prefix(80).joined() + "…" : plain.joined()
}
