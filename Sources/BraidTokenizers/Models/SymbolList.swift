/// The tokens of a word while they are merged.
struct SymbolList {
    private var tokens: [Int32] = []
    private var merges: [MergeTable.Merge] = []
    /// Rank and position of each pair that may be merged: of equal ranks the leftmost is first.
    private var heap = LeastFirst()
    private var next: [Int32] = []
    private var previous: [Int32] = []

    mutating func removeAll() { tokens.removeAll(keepingCapacity: true) }

    @inline(__always)
    mutating func append(_ token: Int32) { tokens.append(token) }

    func forEach(_ body: (Int32) -> Void) {
        for token in tokens where token >= 0 { body(token) }
    }

    /// Merges until no pair is left that may be.
    mutating func merge(_ table: MergeTable) {
        if tokens.count < 2 { return }
        // A short word's pairs are searched through; a long one's wait in a heap, lest the time grow with its square.
        if tokens.count <= 48 { mergeShort(table) } else { mergeLong(table) }
    }

    private mutating func mergeShort(_ table: MergeTable) {
        merges.removeAll(keepingCapacity: true)
        for index in 0..<tokens.count - 1 { merges.append(table[tokens[index], tokens[index + 1]]) }
        while true {
            var best = MergeTable.none
            var at = 0
            for index in merges.indices where merges[index] >> 32 < best >> 32 { (best, at) = (merges[index], index) }
            if best == MergeTable.none { return }
            tokens[at] = Int32(truncatingIfNeeded: best & 0xFFFF_FFFF)
            tokens.remove(at: at + 1)
            merges.remove(at: at)
            if at > 0 { merges[at - 1] = table[tokens[at - 1], tokens[at]] }
            if at < merges.count { merges[at] = table[tokens[at], tokens[at + 1]] }
        }
    }

    /// A token that was merged into the one before it is -1.
    private mutating func mergeLong(_ table: MergeTable) {
        let count = tokens.count
        next.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        heap.removeAll()
        for index in 0..<count {
            next.append(Int32(index + 1))
            previous.append(Int32(index - 1))
            if index > 0 { push(table[tokens[index - 1], tokens[index]], at: index - 1) }
        }
        while let top = heap.pop() {
            let at = Int(top & 0xFFFF_FFFF)
            let right = Int(next[at])
            guard tokens[at] >= 0, right < count else { continue }
            let merge = table[tokens[at], tokens[right]]
            // The pair that waited may be gone.
            guard merge >> 32 == top >> 32 else { continue }
            tokens[at] = Int32(truncatingIfNeeded: merge & 0xFFFF_FFFF)
            tokens[right] = -1
            let after = Int(next[right])
            next[at] = Int32(after)
            if after < count {
                previous[after] = Int32(at)
                push(table[tokens[at], tokens[after]], at: at)
            }
            let before = Int(previous[at])
            if before >= 0 { push(table[tokens[before], tokens[at]], at: before) }
        }
    }

    @inline(__always)
    private mutating func push(_ merge: MergeTable.Merge, at index: Int) {
        if merge != MergeTable.none { heap.push(merge & 0xFFFF_FFFF_0000_0000 | UInt64(index)) }
    }
}

/// A binary heap that gives the least number first.
struct LeastFirst {
    private var numbers: [UInt64] = []

    mutating func removeAll() { numbers.removeAll(keepingCapacity: true) }

    mutating func push(_ number: UInt64) {
        numbers.append(number)
        numbers.withUnsafeMutableBufferPointer { heap in
            var child = heap.count - 1
            while child > 0, number < heap[(child - 1) / 2] {
                heap[child] = heap[(child - 1) / 2]
                child = (child - 1) / 2
            }
            heap[child] = number
        }
    }

    mutating func pop() -> UInt64? {
        guard let least = numbers.first, let last = numbers.popLast() else { return nil }
        if numbers.isEmpty { return least }
        numbers.withUnsafeMutableBufferPointer { heap in
            var parent = 0
            while true {
                var child = parent * 2 + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                if last <= heap[child] { break }
                heap[parent] = heap[child]
                parent = child
            }
            heap[parent] = last
        }
        return least
    }
}
