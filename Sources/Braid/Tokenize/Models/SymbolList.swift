/// The tokens of a word while they are merged.
struct SymbolList {
    private struct Candidate {
        /// Rank, then position: of equal ranks the leftmost pair is merged first.
        let order: UInt64
        let token: Int32
    }

    private var tokens: [Int32] = []
    private var merges: [MergeTable.Merge] = []
    private var heap: [Candidate] = []
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
        heap.removeAll(keepingCapacity: true)
        next = (0..<tokens.count).map { Int32($0 + 1) }
        previous = (0..<tokens.count).map { Int32($0 - 1) }
        for index in 0..<tokens.count - 1 { push(table, index, index + 1) }
        while let top = pop() {
            let at = Int(top.order & 0xFFFF_FFFF)
            let right = Int(next[at])
            guard tokens[at] >= 0, right < tokens.count else { continue }
            let merge = table[tokens[at], tokens[right]]
            // The pair that waited may be gone.
            guard merge != MergeTable.none, Int32(truncatingIfNeeded: merge & 0xFFFF_FFFF) == top.token else { continue }
            tokens[at] = top.token
            tokens[right] = -1
            next[at] = next[right]
            let after = Int(next[at])
            if after < tokens.count { previous[after] = Int32(at) }
            if previous[at] >= 0 { push(table, Int(previous[at]), at) }
            if after < tokens.count { push(table, at, after) }
        }
    }

    private mutating func push(_ table: MergeTable, _ left: Int, _ right: Int) {
        let merge = table[tokens[left], tokens[right]]
        guard merge != MergeTable.none else { return }
        let token = Int32(truncatingIfNeeded: merge & 0xFFFF_FFFF)
        heap.append(Candidate(order: merge & 0xFFFF_FFFF_0000_0000 | UInt64(left), token: token))
        var child = heap.count - 1
        while child > 0, heap[child].order < heap[(child - 1) / 2].order {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Candidate? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [parent * 2 + 1, parent * 2 + 2] where child < heap.count && heap[child].order < heap[least].order {
                least = child
            }
            if least == parent { return top }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
