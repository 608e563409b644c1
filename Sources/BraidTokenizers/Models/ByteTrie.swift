/// Byte strings and the id of each, found byte by byte: every entry that a text begins with comes up on one walk.
///
/// One flat hash table of (node, byte) → node. Nothing is written after it is built, hence Sendable.
final class ByteTrie: @unchecked Sendable {
    /// The number of entries.
    let count: Int
    /// As in ByteTrieBuilder.
    private let slots: UnsafeMutablePointer<UInt64>
    private let mask: Int
    private let shift: UInt64
    private let multiplier: UInt64
    private let ids: UnsafeMutablePointer<Int32>
    private let rootChildren: UnsafeMutablePointer<Int32>

    /// The root, from which every walk starts.
    static let root = 0

    fileprivate init(_ builder: ByteTrieBuilder) {
        count = builder.count
        (mask, shift, multiplier) = (builder.mask, builder.shift, builder.multiplier)
        slots = Self.copy(builder.slots)
        ids = Self.copy(builder.ids)
        rootChildren = Self.copy(builder.rootChildren)
    }

    deinit {
        slots.deallocate()
        ids.deallocate()
        rootChildren.deallocate()
    }

    private static func copy<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: elements.count)
        for index in elements.indices { (pointer + index).initialize(to: elements[index]) }
        return pointer
    }

    /// The node after `byte`, or a negative number where no entry goes on so.
    @inline(__always)
    func step(_ node: Int, _ byte: UInt8) -> Int {
        if node == Self.root { return Int(rootChildren[Int(byte)]) }
        let key = UInt64(node) << 8 | UInt64(byte)
        var slot = Int((key &* multiplier) >> shift)
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
}

/// Fills a ByteTrie.
struct ByteTrieBuilder {
    private(set) var count = 0
    /// A slot is parent node, byte and child node in 28, 8 and 28 bits; 0 where it is free, as no child is the root.
    fileprivate private(set) var slots: [UInt64]
    fileprivate private(set) var mask: Int
    fileprivate private(set) var shift: UInt64
    fileprivate private(set) var ids: [Int32] = [-1]
    /// The walk's first step, without a hash.
    fileprivate private(set) var rootChildren = [Int32](repeating: -1, count: 256)

    /// Drawn, so that no file can be made whose entries all want the same place.
    fileprivate let multiplier = UInt64.random(in: .min ... .max) | 1
    private static let nodeLimit = 1 << 28

    /// Room for `bytes` bytes of entries; it grows beyond that by itself.
    init(expecting bytes: Int = 0) {
        var bits: UInt64 = 10
        while 1 << bits < min(bytes, 1 << 24) { bits += 1 }
        shift = 64 - bits
        mask = 1 << bits - 1
        slots = [UInt64](repeating: 0, count: 1 << bits)
    }

    func build() -> ByteTrie { ByteTrie(self) }

    /// Adds an entry; of two equal ones the later id counts. Returns false where the table can hold no more.
    mutating func insert(_ bytes: Bytes, _ id: Int32) -> Bool {
        var node = ByteTrie.root
        for byte in bytes {
            guard let next = child(of: node, byte) else { return false }
            node = next
        }
        if ids[node] < 0 { count += 1 }
        ids[node] = id
        return true
    }

    /// The node after `byte`, a new one where there was none.
    private mutating func child(of node: Int, _ byte: UInt8) -> Int? {
        let key = UInt64(node) << 8 | UInt64(byte)
        var slot = Int((key &* multiplier) >> shift)
        if node == ByteTrie.root {
            if rootChildren[Int(byte)] >= 0 { return Int(rootChildren[Int(byte)]) }
        } else {
            while slots[slot] != 0 {
                if slots[slot] >> 28 == key { return Int(slots[slot] & 0xFFF_FFFF) }
                slot = (slot + 1) & mask
            }
        }
        let next = ids.count
        guard next < Self.nodeLimit else { return nil }
        ids.append(-1)
        if node == ByteTrie.root {
            rootChildren[Int(byte)] = Int32(next)
        } else {
            slots[slot] = key << 28 | UInt64(next)
            if ids.count * 2 > mask { grow() }
        }
        return next
    }

    private mutating func grow() {
        let old = slots
        shift -= 1
        mask = old.count * 2 - 1
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 {
            var slot = Int(((entry >> 28) &* multiplier) >> shift)
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = entry
        }
    }
}
