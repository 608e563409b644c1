/// The ids of words seen before. Emptied when it is full, so that no text makes it grow without end.
struct WordCache {
    private struct Entry {
        var hash: UInt64
        var start: Int32
        var length: Int32
        var firstID: Int32
        var idCount: Int32
    }

    /// Longer words are not worth their room; the reference's limit too.
    static let longestWord = 256
    private static let capacity = 1 << 15
    private static let mostProbes = 256
    /// Index of an entry and 1, or 0.
    private var slots = [Int32](repeating: 0, count: WordCache.capacity * 2)
    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    private var ids: [Int32] = []

    /// A hash of all bytes, eight at a time.
    @inline(__always)
    static func hash(_ word: Bytes) -> UInt64 {
        var hash = UInt64(word.count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index + 8 <= word.count {
            let chunk = UnsafeRawPointer(word.baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: UInt64.self)
            hash = (hash ^ chunk) &* 0xFF51_AFD7_ED55_8CCD
            hash ^= hash >> 32
            index += 8
        }
        var rest: UInt64 = 0
        while index < word.count {
            rest = rest << 8 | UInt64(word[index])
            index += 1
        }
        hash = (hash ^ rest) &* 0xFF51_AFD7_ED55_8CCD
        return hash ^ hash >> 32
    }

    /// Appends the ids of `word`; false where it is not known.
    @inline(__always)
    func append(_ word: Bytes, _ hash: UInt64, to output: inout [Int32]) -> Bool {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        // Where more words than that want one place, the text was made for it.
        for _ in 0..<Self.mostProbes {
            let index = Int(slots[slot]) - 1
            if index < 0 { return false }
            let entry = entries[index]
            if entry.hash == hash && Int(entry.length) == word.count && equals(word, at: Int(entry.start)) {
                if entry.idCount == 1 {
                    output.append(ids[Int(entry.firstID)])
                } else {
                    output.append(contentsOf: ids[Int(entry.firstID)..<Int(entry.firstID + entry.idCount)])
                }
                return true
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return false
    }

    @inline(__always)
    private func equals(_ word: Bytes, at start: Int) -> Bool {
        for offset in 0..<word.count where bytes[start + offset] != word[offset] { return false }
        return true
    }

    mutating func insert(_ word: Bytes, _ hash: UInt64, _ newIDs: ArraySlice<Int32>) {
        guard word.count < Self.longestWord else { return }
        if entries.count == Self.capacity { removeAll() }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        var probes = 1
        while slots[slot] != 0 {
            if probes == Self.mostProbes { return }
            slot = (slot + 1) & (slots.count - 1)
            probes += 1
        }
        entries.append(
            Entry(
                hash: hash, start: Int32(bytes.count), length: Int32(word.count), firstID: Int32(ids.count),
                idCount: Int32(newIDs.count)))
        bytes.append(contentsOf: word)
        ids.append(contentsOf: newIDs)
        slots[slot] = Int32(entries.count)
    }

    private mutating func removeAll() {
        for index in slots.indices { slots[index] = 0 }
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
    }
}
