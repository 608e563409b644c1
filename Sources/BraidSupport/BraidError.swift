/// What went wrong, where, and what to do, with the exit code a command ends with.
public struct BraidError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure, as the exit code of a command. Values are those of sysexits(3).
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The exit code.
        public let rawValue: Int32
        /// Makes the kind with this exit code; one that has no name here is allowed.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// The command or the library was asked for something that cannot be asked for (`EX_USAGE`).
        public static let usage = Code(rawValue: 64)
        /// An input is there, and its content is wrong (`EX_DATAERR`).
        public static let badData = Code(rawValue: 65)
        /// An input is not there or cannot be read (`EX_NOINPUT`).
        public static let noInput = Code(rawValue: 66)
        /// Something outside cannot be used now: a hub out of reach, a device that is not there (`EX_UNAVAILABLE`).
        public static let unavailable = Code(rawValue: 69)
        /// A fault of Braid itself, which no input should be able to cause (`EX_SOFTWARE`).
        public static let `internal` = Code(rawValue: 70)
        /// A file or a folder cannot be written (`EX_CANTCREAT`).
        public static let cannotCreate = Code(rawValue: 73)
        /// A configuration, or a variable of the environment, says what cannot be (`EX_CONFIG`).
        public static let badConfiguration = Code(rawValue: 78)
    }

    /// The kind of failure, which becomes the command's exit code.
    public let code: Code
    /// What is wrong: one entry a fault, in the order they stand in the input.
    public let faults: [Fault]

    /// Makes an error of one fault that has no place in a file.
    public init(_ code: Code, _ message: String) {
        self.init(code, faults: [Fault(message)])
    }

    /// Makes one error of all the faults that were found.
    public init(_ code: Code, faults: [Fault]) {
        self.code = code
        self.faults = faults
    }

    /// One line a fault, for a person to read; of many that say the same of different places the first five, and how many more.
    public var description: String { GroupedLines.of(faults.map(\.description)).joined(separator: "\n") }
}

/// One thing that is wrong with an input, and where it stands.
public struct Fault: CustomStringConvertible, Sendable, Equatable {
    /// The file it is in; nil where it is in none.
    public let file: String?
    /// The line it is on, counted from 1; nil where lines mean nothing.
    public let line: Int?
    /// The field it is in: a column's name in a manifest, a key in a configuration.
    public let field: String?
    /// What is wrong, without the place.
    public let message: String

    /// Makes a fault; what is not said of its place is left out when it is shown.
    public init(_ message: String, file: String? = nil, line: Int? = nil, field: String? = nil) {
        self.file = file
        self.line = line
        self.field = field
        self.message = message
    }

    /// One line for a person to read: `manifest.csv:12: audio: …`. Control characters of names and values are escaped, and what is too long to be
    /// read is cut.
    public var description: String {
        let file = file.map { Printable.name($0, atMost: Self.longestPath) }
        var place = [file, line.map(String.init)].compactMap { $0 }.joined(separator: ":")
        if let field = field.map({ Printable.name($0) }) { place += place.isEmpty ? field : ": \(field)" }
        let message = Printable.text(message)
        return place.isEmpty ? message : "\(place): \(message)"
    }

    private static let longestPath = 1000
}
