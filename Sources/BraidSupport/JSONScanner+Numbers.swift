extension JSONScanner {
    /// An id: a whole number from 0 to the largest of an Int32.
    package mutating func id() throws(Fault) -> Int32 {
        _ = peek()
        var value: Int64 = 0
        let start = offset
        while offset < bytes.count, let digit = digit(bytes[offset]) {
            value = value * 10 + Int64(digit)
            guard value <= Int64(Int32.max) else { break }
            offset += 1
        }
        guard offset > start, ends else {
            offset = start
            throw fault("a whole number from 0 to \(Int32.max)")
        }
        return Int32(value)
    }

    /// A whole number that an Int holds.
    package mutating func integer() throws(Fault) -> Int {
        let isNegative = skip("-")
        let start = offset
        var value = 0
        while offset < bytes.count, let digit = digit(bytes[offset]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { throw fault("a smaller number") }
            value = sum
            offset += 1
        }
        guard offset > start, ends else {
            offset = start
            throw fault("a whole number")
        }
        return isNegative ? -value : value
    }

    /// Whether a number ends here.
    private var ends: Bool { offset >= bytes.count || [0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains(bytes[offset]) }

    /// A number as the reference's JSON reader has it, which may differ from the nearest Double in the last bit: the first
    /// digits that fit 64 bits, times or divided by a power of ten (serde_json without `float_roundtrip`).
    package mutating func double() throws(Fault) -> Double {
        let isNegative = skip("-")
        let start = offset
        var digits: UInt64 = 0
        var exponent = 0
        var isFull = false
        var isFraction = false
        while offset < bytes.count {
            let byte = bytes[offset]
            if let digit = digit(byte) {
                let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(digit)
                isFull = isFull || overflow || carry
                if !isFull { digits = sum }
                if isFull != isFraction { exponent += isFull ? 1 : -1 }
            } else if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else {
                break
            }
            offset += 1
        }
        guard offset > start else { throw fault("a number") }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            exponent += try self.exponent()
        }
        return try (isNegative ? -1 : 1) * scaled(digits, exponent)
    }

    private mutating func exponent() throws(Fault) -> Int {
        let isNegative = offset < bytes.count && bytes[offset] == UInt8(ascii: "-")
        if isNegative || offset < bytes.count && bytes[offset] == UInt8(ascii: "+") { offset += 1 }
        let start = offset
        var value = 0
        while offset < bytes.count, let digit = digit(bytes[offset]) {
            value = min(value * 10 + Int(digit), 1_000_000)
            offset += 1
        }
        guard offset > start else { throw fault("a number") }
        return isNegative ? -value : value
    }

    private func scaled(_ digits: UInt64, _ exponent: Int) throws(Fault) -> Double {
        var value = Double(digits)
        var exponent = exponent
        while exponent < -308 && value != 0 {
            value /= 1e308
            exponent += 308
        }
        if value == 0 { return 0 }
        guard exponent <= 308, let power = Double("1e\(abs(exponent))") else { throw fault("a smaller number") }
        value = exponent < 0 ? value / power : value * power
        guard value.isFinite else { throw fault("a smaller number") }
        return value
    }

    private func digit(_ byte: UInt8) -> UInt64? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? UInt64(byte - UInt8(ascii: "0")) : nil
    }
}
