package import Foundation

/// RFC 4180: comma or tab separated records, quoted fields, CR, LF or CRLF; quotes within a field that is not quoted stand for themselves. Fed in
/// pieces, so that a file of any size is read in constant memory.
package struct DelimitedParser {
    private enum State {
        case fieldStart
        case plain
        case quoted
        case quoteInQuoted
        /// In a record that has a fault, to the end of its line.
        case faulty
    }

    /// A quoted field of more lines was most likely opened by a stray quote, and holds rows that would be lost.
    package static let linesOfField = 100
    /// Records that are not given, because text follows a closing quote or a quoted field takes too many lines.
    package private(set) var faults: [Fault] = []

    private let separator: UInt8
    private var state = State.fieldStart
    private var field: [UInt8] = []
    private var record: [[UInt8]] = []
    private var line = 1
    private var recordLine = 1
    private var skipLineFeed = false

    package init(separator: Character) { self.separator = separator.asciiValue ?? UInt8(ascii: ",") }

    /// Takes `bytes` and gives each record that they complete to `body`, with the line it starts on.
    package mutating func feed(_ bytes: Data, _ body: (Int, [[UInt8]]) throws -> Void) rethrows {
        for byte in bytes { try take(byte, body) }
    }

    /// The end of the file: gives the last record, and the fault of a quote that was never closed.
    package mutating func finish(_ body: (Int, [[UInt8]]) throws -> Void) rethrows -> Fault? {
        if state == .quoted {
            return Fault("a quoted field that starts in this row is never closed", line: recordLine)
        }
        if state != .faulty, !record.isEmpty || !field.isEmpty || state != .fieldStart { try endRecord(body) }
        return nil
    }

    private mutating func take(_ byte: UInt8, _ body: (Int, [[UInt8]]) throws -> Void) rethrows {
        if skipLineFeed {
            skipLineFeed = false
            if byte == UInt8(ascii: "\n") { return }
        }
        if state == .quoted {
            if byte == UInt8(ascii: "\"") {
                state = .quoteInQuoted
            } else {
                if byte == UInt8(ascii: "\n") { line += 1 }
                field.append(byte)
                if line - recordLine >= Self.linesOfField { fail(Self.tooLong) }
            }
            return
        }
        if state == .faulty && byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\r") { return }
        switch byte {
        case separator: endField()
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            skipLineFeed = byte == UInt8(ascii: "\r")
            if state == .faulty { state = .fieldStart } else { try endRecord(body) }
            line += 1
            recordLine = line
        case UInt8(ascii: "\"") where state == .fieldStart: state = .quoted
        case UInt8(ascii: "\"") where state == .quoteInQuoted:
            field.append(byte)
            state = .quoted
        case _ where state == .quoteInQuoted: fail(behindQuote)
        default:
            field.append(byte)
            state = .plain
        }
    }

    private static let tooLong =
        "a quoted field that starts in this row takes more than \(linesOfField) lines; close its quote, or put a long text into a file"

    private var behindQuote: String {
        let place = line == recordLine ? "" : " in line \(line)"
        return "a quoted field that starts in this row ends\(place) before other text; write a quote within a field twice"
    }

    /// Leaves out the record, and what is left of its line.
    private mutating func fail(_ message: String) {
        faults.append(Fault(message, line: recordLine))
        field.removeAll()
        record.removeAll()
        state = .faulty
    }

    private mutating func endField() {
        record.append(field)
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
    }

    private mutating func endRecord(_ body: (Int, [[UInt8]]) throws -> Void) rethrows {
        let isBlank = record.isEmpty && field.isEmpty && state == .fieldStart
        endField()
        defer { record.removeAll(keepingCapacity: true) }
        if !isBlank { try body(recordLine, record) }
    }
}
