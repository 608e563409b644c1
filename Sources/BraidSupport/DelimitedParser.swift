package import Foundation

/// RFC 4180: comma or tab separated records, quoted fields, CR, LF or CRLF; quotes within a field that is not quoted stand for themselves. Fed in
/// pieces, so that a file of any size is read in constant memory.
package struct DelimitedParser: ~Copyable {
    /// The most that a record may have.
    package struct Bounds {
        package var columns = Limit.columns.value
        package var rowBytes = Limit.rowBytes.value
        package var cellBytes = Limit.cellBytes.value

        package init() {}
    }

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

    private let file: String
    private let separator: UInt8
    private let bounds: Bounds
    private var state = State.fieldStart
    private var record = DelimitedRecord()
    private var line = 1
    private var recordLine = 1
    /// Whether the record's last field has ended.
    private var isComplete = false
    private var skipLineFeed = false

    private static var lineFeed: UInt8 { 0x0A }
    private static var carriageReturn: UInt8 { 0x0D }
    private static var quote: UInt8 { 0x22 }

    /// - Parameter file: What errors call the file.
    package init(separator: Character, file: String = "", bounds: Bounds = Bounds()) {
        self.separator = separator.asciiValue ?? UInt8(ascii: ",")
        (self.file, self.bounds) = (file, bounds)
    }

    /// Takes `bytes` and gives each record that they complete to `body`, with the line it starts on.
    ///
    /// - Throws: `BraidError` where a record, complete or not, has more bytes or columns than it may.
    package mutating func feed(_ bytes: Data, _ body: (Int, borrowing DelimitedRecord) -> Void) throws(BraidError) {
        var place = 0
        // Not within a closure that throws: what it throws would lose its type.
        while place < bytes.count {
            bytes.withUnsafeBytes { take($0, &place, body) }
            try check()
        }
    }

    /// The end of the file: gives the last record, and the fault of a quote that was never closed.
    ///
    /// - Throws: `BraidError` where the record is larger than it may be.
    package mutating func finish(_ body: (Int, borrowing DelimitedRecord) -> Void) throws(BraidError) -> Fault? {
        if state == .quoted {
            return Fault("a quoted field that starts in this row is never closed", line: recordLine)
        }
        if state != .faulty, record.count > 0 || !record.isEmptyField || state != .fieldStart { endRecord(body) }
        try check()
        return nil
    }

    /// Whether the record, complete or not, is larger than it may be.
    private var isTooLarge: Bool {
        record.largest > bounds.cellBytes || record.size > bounds.rowBytes || record.count >= bounds.columns + (isComplete ? 1 : 0)
    }

    private func check() throws(BraidError) {
        guard isTooLarge else { return }
        if record.largest > bounds.cellBytes {
            throw Limit.cellBytes.exceeded(
                "a cell of more than \(bounds.cellBytes) bytes", file: file, line: recordLine, bound: bounds.cellBytes)
        }
        if record.size > bounds.rowBytes {
            throw Limit.rowBytes.exceeded(
                "a row of more than \(bounds.rowBytes) bytes", file: file, line: recordLine, bound: bounds.rowBytes)
        }
        throw Limit.columns.exceeded(
            "more than \(bounds.columns) columns", file: file, line: recordLine, bound: bounds.columns)
    }

    /// Takes bytes from `place` on: to their end, or to where the record may have grown too large.
    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, _ place: inout Int, _ body: (Int, borrowing DelimitedRecord) -> Void
    ) {
        while place < bytes.count {
            if skipLineFeed {
                skipLineFeed = false
                if bytes[place] == Self.lineFeed {
                    place += 1
                    continue
                }
            }
            switch state {
            case .quoted: takeQuoted(bytes, &place)
            case .faulty: skip(bytes, &place)
            case .fieldStart where bytes[place] == Self.quote:
                state = .quoted
                place += 1
            case .quoteInQuoted where bytes[place] == Self.quote:
                record.append(bytes[place..<place + 1])
                state = .quoted
                place += 1
            case .quoteInQuoted where !isEnd(bytes[place]): fail(behindQuote)
            case .fieldStart, .plain, .quoteInQuoted: takePlain(bytes, &place, body)
            }
            if isTooLarge { return }
        }
    }

    private func isEnd(_ byte: UInt8) -> Bool { byte == separator || byte == Self.lineFeed || byte == Self.carriageReturn }

    /// A run of plain bytes, and what ends it.
    private mutating func takePlain(
        _ bytes: UnsafeRawBufferPointer, _ place: inout Int, _ body: (Int, borrowing DelimitedRecord) -> Void
    ) {
        var end = place
        while end < bytes.count, !isEnd(bytes[end]) { end += 1 }
        if end > place {
            record.append(bytes[place..<end])
            state = .plain
        }
        place = end
        guard end < bytes.count else { return }
        place += 1
        if bytes[end] == separator {
            record.endField()
            state = .fieldStart
        } else {
            endLine(bytes[end], body)
        }
    }

    private mutating func endLine(_ byte: UInt8, _ body: (Int, borrowing DelimitedRecord) -> Void) {
        skipLineFeed = byte == Self.carriageReturn
        if state == .faulty { state = .fieldStart } else { endRecord(body) }
        if isComplete { return }
        line += 1
        recordLine = line
    }

    /// A run of bytes within quotes, to the quote, or to the end of a line.
    private mutating func takeQuoted(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) {
        var end = place
        while end < bytes.count, bytes[end] != Self.quote, bytes[end] != Self.lineFeed { end += 1 }
        guard end < bytes.count, bytes[end] == Self.lineFeed else {
            record.append(bytes[place..<end])
            place = min(bytes.count, end + 1)
            if end < bytes.count { state = .quoteInQuoted }
            return
        }
        record.append(bytes[place...end])
        record.hasBreaks = true
        place = end + 1
        line += 1
        if line - recordLine >= Self.linesOfField { fail(Self.tooLong) }
    }

    /// What is left of the line of a record that has a fault.
    private mutating func skip(_ bytes: UnsafeRawBufferPointer, _ place: inout Int) {
        while place < bytes.count, bytes[place] != Self.lineFeed, bytes[place] != Self.carriageReturn { place += 1 }
        guard place < bytes.count else { return }
        place += 1
        endLine(bytes[place - 1]) { _, _ in }
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
        record.removeAll()
        state = .faulty
    }

    private mutating func endRecord(_ body: (Int, borrowing DelimitedRecord) -> Void) {
        let isBlank = record.count == 0 && record.isEmptyField && state == .fieldStart
        record.endField()
        state = .fieldStart
        isComplete = true
        // Whoever feeds the parser says so; nothing is read on.
        if isTooLarge { return }
        isComplete = false
        if !isBlank { body(recordLine, record) }
        record.removeAll()
    }
}

/// The fields of a record, as bytes behind each other.
package struct DelimitedRecord: ~Copyable {
    private var bytes: [UInt8] = []
    /// Where each field ends.
    private var ends: [Int] = []

    /// Whether a line ends within a field.
    package fileprivate(set) var hasBreaks = false

    /// How many fields are complete.
    package var count: Int { ends.count }
    /// The bytes of all fields.
    var size: Int { bytes.count }
    /// The bytes of the largest field, that which is not complete yet among them.
    var largest: Int { max(largestComplete, fieldSize) }
    var isEmptyField: Bool { fieldSize == 0 }
    private var fieldSize: Int { bytes.count - (ends.last ?? 0) }
    private var largestComplete = 0

    mutating func append(_ run: Slice<UnsafeRawBufferPointer>) { bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: run)) }
    mutating func endField() {
        largestComplete = largest
        ends.append(bytes.count)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        (hasBreaks, largestComplete) = (false, 0)
    }

    /// The texts of all fields, and the number of the first that is not UTF-8, which has none.
    package func texts() -> (texts: [String], bad: Int?) {
        bytes.withUnsafeBufferPointer { bytes in
            var texts: [String] = []
            texts.reserveCapacity(ends.count)
            var start = 0
            for (index, end) in ends.enumerated() {
                guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self) else {
                    return ([], index)
                }
                texts.append(text)
                start = end
            }
            return (texts, nil)
        }
    }
}
