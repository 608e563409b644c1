extension JSONScanner {
    /// Gives the name of each field of the object that comes next, and the scanner at its value, which `body` has to go past.
    ///
    /// Nothing is kept of what was read, so that the number of fields takes time alone.
    package mutating func forEachField(_ body: (_ name: String, _ scanner: inout JSONScanner) throws -> Void) throws {
        try expect("{")
        guard !skip("}") else { return }
        var name: [UInt8] = []
        repeat {
            name.removeAll(keepingCapacity: true)
            try string(into: &name)
            try expect(":")
            guard let text = String(validating: name, as: UTF8.self) else { throw fault("UTF-8 in front of it") }
            try body(text, &self)
        } while try more(until: "}")
    }

    /// A text; what is not UTF-8 is none.
    package mutating func text() throws -> String {
        var bytes: [UInt8] = []
        try string(into: &bytes)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("UTF-8 in front of it") }
        return text
    }

    /// A list of whole numbers; of one that is longer than `most` the first `most` and one.
    package mutating func integers(atMost most: Int) throws -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        guard !skip("]") else { return numbers }
        repeat {
            numbers.append(try integer())
            if numbers.count > most { return numbers }
        } while try more(until: "]")
        return numbers
    }
}
