/// The ids of samples, and the lines they stand in: of a million some dozen bytes each, however long they are.
struct SampleIDs {
    /// By digest. 128 bits of it, of a hash whose key is another in every process: no two ids share them, whoever chose them.
    private var digests: [SIMD2<UInt64>] = []
    private var lines: [Int32] = []
    /// The place of a digest, or -1, where its lower bits say, or behind that. A power of two, at most two thirds of it taken.
    private var slots: [Int32] = []
    /// Rows that are called by their numbers, as long as all are: their ids cannot be taken.
    private var numbered: [(row: Int, line: Int32)] = []

    /// Notes a row's id.
    ///
    /// - Parameters:
    ///   - id: What the row says; nil where it says nothing, and is called by its number.
    ///   - row: Its number.
    ///   - line: The line it stands in.
    /// - Returns: The line of an earlier row of that id; nil where there is none.
    mutating func note(_ id: String?, row: Int, line: Int) -> Int? {
        let line = Int32(clamping: line)
        guard let id else {
            guard digests.isEmpty else { return insert(String(row), line) }
            numbered.append((row, line))
            return nil
        }
        for (row, line) in numbered { _ = insert(String(row), line) }
        numbered = []
        return insert(id, line)
    }

    private mutating func insert(_ id: String, _ line: Int32) -> Int? {
        if 3 * digests.count >= 2 * slots.count { grow() }
        let digest = Self.digest(id)
        var slot = self.slot(of: digest)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if digests[place] == digest { return Int(lines[place]) }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(digests.count)
        digests.append(digest)
        lines.append(line)
        return nil
    }

    private func slot(of digest: SIMD2<UInt64>) -> Int { Int(truncatingIfNeeded: digest[0]) & (slots.count - 1) }

    private mutating func grow() {
        slots = Array(repeating: -1, count: max(64, 2 * slots.count))
        for (place, digest) in digests.enumerated() {
            var slot = self.slot(of: digest)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(place)
        }
    }

    private static func digest(_ id: String) -> SIMD2<UInt64> {
        var id = id
        return id.withUTF8 { bytes in
            var (first, second) = (Hasher(), Hasher())
            second.combine(1)
            first.combine(bytes: UnsafeRawBufferPointer(bytes))
            second.combine(bytes: UnsafeRawBufferPointer(bytes))
            return SIMD2(UInt64(bitPattern: Int64(first.finalize())), UInt64(bitPattern: Int64(second.finalize())))
        }
    }
}
