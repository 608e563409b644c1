/// What went wrong, where, and what to do, with the exit code a command ends with.
public struct BraidError: Error, CustomStringConvertible, Sendable {
    /// The kind of failure. Raw values are those of sysexits(3).
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public static let usage = Code(rawValue: 64)
        public static let badData = Code(rawValue: 65)
        public static let noInput = Code(rawValue: 66)
        public static let unavailable = Code(rawValue: 69)
        public static let `internal` = Code(rawValue: 70)
        public static let cannotCreate = Code(rawValue: 73)
        public static let badConfiguration = Code(rawValue: 78)
    }

    public let code: Code
    /// One entry a fault, in the order they stand in the input.
    public let faults: [Fault]

    public init(_ code: Code, _ message: String) {
        self.init(code, faults: [Fault(message)])
    }

    public init(_ code: Code, faults: [Fault]) {
        self.code = code
        self.faults = faults
    }

    public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// One thing that is wrong with an input, and where it stands.
public struct Fault: CustomStringConvertible, Sendable, Equatable {
    public let file: String?
    /// Counted from 1.
    public let line: Int?
    /// A column's name in a manifest, a key in a configuration.
    public let field: String?
    public let message: String

    public init(_ message: String, file: String? = nil, line: Int? = nil, field: String? = nil) {
        self.file = file
        self.line = line
        self.field = field
        self.message = message
    }

    /// `manifest.csv:12: audio: …`
    public var description: String {
        var place = [file, line.map(String.init)].compactMap { $0 }.joined(separator: ":")
        if let field { place += place.isEmpty ? field : ": \(field)" }
        return place.isEmpty ? message : "\(place): \(message)"
    }
}
