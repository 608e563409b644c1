/// Byte strings and the id of each, found byte by byte: every entry that a text begins with comes up on one walk.
///
/// One flat hash table of (node, byte) → node; read only once it is filled, hence Sendable.
final class ByteTrie: @unchecked Sendable {
    /// The number of entries.
    private(set) var count = 0
    /// A slot is parent node, byte and child node in 28, 8 and 28 bits; 0 where it is free, as no child is the root.
    private var slots: UnsafeMutablePointer<UInt64>
    private var shift: UInt64
    private var mask: Int
    private var ids: [Int32] = [-1]
    /// The walk's first step, without a hash.
    private let rootChildren: UnsafeMutablePointer<Int32>

    /// The root, from which every walk starts.
    static let root = 0
    private static let nodeLimit = 1 << 28

    /// Room for `bytes` bytes of entries; it grows beyond that by itself.
    init(expecting bytes: Int = 0) {
        var bits: UInt64 = 10
        while (1 << bits) < min(bytes, 1 << 24) { bits += 1 }
        shift = 64 - bits
        mask = 1 << bits - 1
        slots = .allocate(capacity: 1 << bits)
        slots.initialize(repeating: 0, count: 1 << bits)
        rootChildren = .allocate(capacity: 256)
        rootChildren.initialize(repeating: -1, count: 256)
    }

    deinit {
        slots.deallocate()
        rootChildren.deallocate()
    }

    /// The node after `byte`, or a negative number where no entry goes on so.
    @inline(__always)
    func step(_ node: Int, _ byte: UInt8) -> Int {
        if node == Self.root { return Int(rootChildren[Int(byte)]) }
        let key = UInt64(node) << 8 | UInt64(byte)
        var slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while true {
            let entry = slots[slot]
            if entry == 0 { return -1 }
            if entry >> 28 == key { return Int(entry & 0xFFF_FFFF) }
            slot = (slot + 1) & mask
        }
    }

    /// The id of the entry that ends at `node`, or a negative number.
    @inline(__always)
    func id(at node: Int) -> Int32 { ids[node] }

    /// The node that `bytes` lead to from `start`, or a negative number.
    @inline(__always)
    func walk(_ bytes: Bytes, from start: Int = ByteTrie.root) -> Int {
        var node = start
        for byte in bytes {
            node = step(node, byte)
            if node < 0 { return -1 }
        }
        return node
    }

    func id(of bytes: Bytes) -> Int32? {
        let node = walk(bytes)
        return node >= 0 && ids[node] >= 0 ? ids[node] : nil
    }

    func id(of bytes: [UInt8]) -> Int32? { bytes.withUnsafeBufferPointer { id(of: $0) } }

    /// Adds an entry; of two equal ones the later id counts. Returns false where the table can hold no more.
    func insert(_ bytes: Bytes, _ id: Int32) -> Bool {
        var node = Self.root
        for byte in bytes {
            var next = step(node, byte)
            if next < 0 {
                next = ids.count
                guard next < Self.nodeLimit else { return false }
                ids.append(-1)
                if node == Self.root {
                    rootChildren[Int(byte)] = Int32(next)
                } else {
                    if ids.count * 2 > mask { grow() }
                    place(UInt64(node) << 36 | UInt64(byte) << 28 | UInt64(next))
                }
            }
            node = next
        }
        if ids[node] < 0 { count += 1 }
        ids[node] = id
        return true
    }

    private func place(_ entry: UInt64) {
        var slot = Int(((entry >> 28) &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private func grow() {
        let old = slots
        let oldCount = mask + 1
        shift -= 1
        mask = oldCount * 2 - 1
        slots = .allocate(capacity: oldCount * 2)
        slots.initialize(repeating: 0, count: oldCount * 2)
        for slot in 0..<oldCount where old[slot] != 0 { place(old[slot]) }
        old.deallocate()
    }
}
