package import Foundation

/// RFC 4180: comma or tab separated records, quoted fields, CR, LF or CRLF. Fed in pieces, so that a file of any size is
/// read in constant memory.
package struct DelimitedParser {
    private enum State {
        case fieldStart
        case plain
        case quoted
        case quoteInQuoted
    }

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
        if !record.isEmpty || !field.isEmpty || state != .fieldStart { try endRecord(body) }
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
            }
            return
        }
        switch byte {
        case separator: endField()
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            skipLineFeed = byte == UInt8(ascii: "\r")
            try endRecord(body)
            line += 1
            recordLine = line
        case UInt8(ascii: "\"") where state == .fieldStart: state = .quoted
        case UInt8(ascii: "\"") where state == .quoteInQuoted:
            field.append(byte)
            state = .quoted
        default:
            field.append(byte)
            state = .plain
        }
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
