internal import BraidSupport

/// The rank of each pair of tokens that may be merged, and what they become.
///
/// A flat hash table; never written once it is filled, hence Sendable.
final class MergeTable: @unchecked Sendable {
    /// Rank and new token in 32 bits each; lower ranks first.
    typealias Merge = UInt64
    static let none = Merge.max

    private let slots: UnsafeMutablePointer<(key: UInt64, merge: Merge)>
    private let mask: Int
    private let shift: UInt64
    /// Drawn, so that no file can be made whose pairs all want the same place.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    /// Refuses merges of tokens that the vocabulary lacks.
    init(_ file: TokenizerFile, _ trie: ByteTrie, prefixLength: Int) throws {
        var pairs: [(key: UInt64, value: Merge)] = []
        func id(_ token: [UInt8]) throws -> Int32 {
            guard let id = trie.id(of: token) else {
                throw file.model.fault("merges name the token \(String(decoding: token, as: UTF8.self)), which vocab lacks")
            }
            return id
        }
        let most = Limit.merges.value
        try file.forEachMerge { first, second in
            guard pairs.count < most else {
                throw Limit.merges.exceeded("has more than \(most)", file: file.model.path, field: "merges", bound: most)
            }
            // The reference allows an empty rest and then merges a token into itself.
            guard second.count > prefixLength else {
                throw file.model.fault(
                    "merges name the token \(String(decoding: second, as: UTF8.self)), which is no longer than the prefix")
            }
            let key = try UInt64(id(first)) << 32 | UInt64(id(second))
            let merged = try id(first + second[prefixLength...])
            pairs.append((key, UInt64(pairs.count) << 32 | UInt64(merged)))
        }
        var bits: UInt64 = 4
        while 1 << bits < pairs.count * 2 { bits += 1 }
        shift = 64 - bits
        mask = 1 << bits - 1
        slots = .allocate(capacity: 1 << bits)
        slots.initialize(repeating: (.max, Self.none), count: 1 << bits)
        for pair in pairs { slots[slot(pair.key)] = (pair.key, pair.value) }
    }

    deinit { slots.deallocate() }

    /// Where `key` is, or belongs.
    @inline(__always)
    private func slot(_ key: UInt64) -> Int {
        var slot = Int((key &* multiplier) >> shift)
        while slots[slot].key != key && slots[slot].key != .max { slot = (slot + 1) & mask }
        return slot
    }

    /// What two tokens become, `none` where they are never merged.
    @inline(__always)
    subscript(first: Int32, second: Int32) -> Merge {
        slots[slot(UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second)))].merge
    }
}
