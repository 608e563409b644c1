internal import CTorch

/// A failure inside libtorch: the operation, the shapes it was given, and libtorch's own message.
public struct TorchError: Error, CustomStringConvertible, Sendable {
    /// The operator or function that failed, for example `aten::linear`.
    public let operation: String
    /// The message of libtorch, without its C++ backtrace.
    public let message: String
    /// What the operation was given, tensors by shape; empty where nobody knows.
    public let arguments: [String]

    /// Makes an error of its parts, for failures that Swift code finds before libtorch does.
    public init(operation: String, message: String, arguments: [String] = []) {
        self.operation = operation
        self.message = message
        self.arguments = arguments
    }

    /// The failure that libtorch left for this thread.
    static func last(_ operation: String, arguments: [String] = []) -> TorchError {
        TorchError(operation: operation, message: String(cString: ct_last_error()), arguments: arguments)
    }

    /// One line for a person to read: the operation, the message, and what was given.
    public var description: String {
        let given = arguments.isEmpty ? "" : " (given \(arguments.joined(separator: ", ")))"
        return "\(operation): \(message)\(given)"
    }
}

/// Turns a C status into a thrown `TorchError`.
func check(_ status: Int32, _ operation: String) throws(TorchError) {
    guard status == 0 else { throw .last(operation) }
}
