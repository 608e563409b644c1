import Foundation
import Testing

@testable import Torch

/// Pickles that are made to exhaust the stack, the memory or the patience of their reader.
@Suite struct PickleLimitTests {
    private func outcome(_ pickle: [UInt8]) -> String? { refusal(ZipBuilder(pickle: [0x80, 2] + pickle).data) }

    private func repeated(_ bytes: String, _ count: Int) -> [UInt8] {
        Array(repeatElement(Array(bytes.utf8), count: count).joined())
    }

    @Test func readsWhatNestsDeep() {
        let depth = 100_000
        let message = "holds a list, expected a dictionary of tensors"
        #expect(outcome(repeated("]", depth) + repeated("a", depth - 1) + Array(".".utf8)) == message)
        let marks = "is damaged: its pickle takes more from its stack than it put there"
        #expect(outcome(repeated("(", depth) + Array(".".utf8)) == marks)
        let tuples = Array(")".utf8) + [UInt8](repeating: 0x85, count: depth) + Array(".".utf8)
        #expect(outcome(tuples) == "holds a tuple, expected a dictionary of tensors")
        let dictionaries = Array("}".utf8) + Array(repeatElement(text("a") + Array("}".utf8), count: depth).joined())
        #expect(
            outcome(dictionaries + repeated("s", depth) + Array(".".utf8))
                == "nests dictionaries more than 32 deep, or has one that contains itself")
    }

    /// Each list, and then each dictionary, holds the one before twice: 2⁶⁰ of the first.
    @Test func doesNotUnfoldWhatIsShared() {
        var lists = Array("]q".utf8) + [0]
        var dictionaries = Array("}q".utf8) + [0]
        for level in UInt8(1)...60 {
            lists += Array("](h".utf8) + [level - 1] + Array("h".utf8) + [level - 1] + Array("eq".utf8) + [level]
            dictionaries += Array("}".utf8) + text("a") + Array("h".utf8) + [level - 1] + Array("s".utf8)
            dictionaries += text("b") + Array("h".utf8) + [level - 1] + Array("sq".utf8) + [level]
        }
        #expect(outcome(lists + Array(".".utf8)) == "holds a list, expected a dictionary of tensors")
        let message = outcome(dictionaries + Array(".".utf8))
        #expect(message == "nests dictionaries more than 32 deep, or has one that contains itself")

        // 2²⁰ names of one tensor, none of them deep.
        let tensor = Array(tensorPickle(count: 4, shape: [4], strides: [1]).dropFirst(2).dropLast())
        var wide = tensor + Array("q".utf8) + [0]
        for level in UInt8(1)...20 {
            wide += Array("}".utf8) + text("a") + Array("h".utf8) + [level - 1] + Array("s".utf8)
            wide += text("b") + Array("h".utf8) + [level - 1] + Array("sq".utf8) + [level]
        }
        #expect(outcome(wide + Array(".".utf8)) == "refers to the same dictionaries too many times")
    }

    /// One list of 1,000 pairs, made a dictionary 5,000 times.
    @Test func boundsCopies() {
        let pairs = Array("](".utf8) + repeated("NN", 1_000).chunked(by: [0x86]) + Array("eq".utf8) + [0]
        let copy = Array("ccollections\nOrderedDict\nq".utf8) + [1]
        let calls = repeatElement(Array("h".utf8) + [1] + Array("h".utf8) + [0, 0x85] + Array("R0".utf8), count: 5_000).joined()
        let message = outcome(pairs + copy + Array(calls) + Array(".".utf8))
        #expect(message?.hasPrefix("its pickle makes more than 3000000 objects; the limit pickle-objects is 3000000: ") == true)
    }

    /// What is made and thrown away costs time alone, which the pickle's length bounds; what is kept costs memory.
    @Test func boundsLoopsAndWhatIsKept() throws {
        func run(_ pickle: [UInt8], most: Int = 25_000_000) throws -> PickleValue {
            try pickle.withUnsafeBytes { bytes in
                var unpickler = try Unpickler(bytes, 0..<bytes.count, most: most)
                return try unpickler.run()
            }
        }
        let loop = repeated("N0", 500) + Array("N.".utf8)
        _ = try run(loop)
        let cut = #expect(throws: Refusal.self) { try run(loop, most: 100) }
        #expect(cut?.message.hasPrefix("its pickle has more than 100 bytes; the limit pickle-bytes is 100") == true)
        var heap = PickleHeap(most: 10)
        for _ in 0..<10 { _ = try heap.addContainer() }
        #expect(throws: Refusal.self) { try heap.check(besides: 1) }
        var memo = PickleMemo()
        for number in [0, 1, 7, 1] { memo[number] = .int(number) }
        memo.append(.none)
        #expect(memo.count == 4)
        let kept = [0, 1, 2, 3, 7].map { memo[$0] != nil }
        #expect(kept == [true, true, false, true, true])
    }

    /// A directory of zeros that claims more entries than a file may have tensors.
    @Test func boundsEntriesOfArchives() {
        let count: UInt64 = 100_101
        let directory = [UInt8](repeating: 0, count: Int(count) * 46)
        let size = UInt64(directory.count)
        let record = bytes(UInt32(0x0606_4B50)) + [UInt8](repeating: 0, count: 28) + bytes(count) + bytes(size) + bytes(UInt64(0))
        let locator = bytes(UInt32(0x0706_4B50)) + bytes(UInt32(0)) + bytes(size) + bytes(UInt32(1))
        let end = bytes(UInt32(0x0605_4B50)) + [UInt8](repeating: 0, count: 4) + bytes(UInt16.max) + bytes(UInt16.max)
        let file = directory + record + locator + end + bytes(UInt32.max) + bytes(UInt32.max) + bytes(UInt16(0))
        let error = #expect(throws: Refusal.self) { try file.withUnsafeBytes { try ZipDirectory($0) } }
        #expect(error?.message.hasPrefix("its zip directory has 100101 entries; the limit tensors is 100000") == true)
    }

    @Test func refusesLengthsBeyondTheFile() {
        for opcode in ["X", "T", "B"] {
            let message = outcome(Array(opcode.utf8) + bytes(UInt32.max) + Array("a.".utf8))
            #expect(message?.hasPrefix("is damaged or cut off: the pickle needs 4294967295 bytes at ") == true, "\(opcode)")
        }
        for opcode: UInt8 in [0x8D, 0x8E, 0x96] {
            #expect(outcome([opcode] + bytes(UInt64.max))?.hasPrefix("is damaged: the pickle claims a length of") == true)
            #expect(outcome([opcode] + bytes(UInt64(Int.max)))?.hasPrefix("is damaged or cut off") == true)
        }
    }

    @Test(arguments: [
        ("R.", "is damaged: its pickle takes more from its stack than it put there"),
        ("}(R.", "is damaged: its pickle takes more from its stack than it put there"),
        ("t.", "is damaged: its pickle closes a mark it did not set"),
        ("h\u{5}.", "is damaged: its pickle recalls the object 5, which is not there"),
        ("}(Nu.", "is damaged: its pickle has a key without a value"),
        ("}Na.", "is damaged: its pickle adds elements to a dictionary"),
        ("}Nb}b.", "holds a dictionary without tensors"),
        ("N\u{5}.", "is damaged: its pickle has no opcode at 43, but the byte 5"),
        (
            "}Nctorch._utils\n_rebuild_sparse_tensor\n)Rs.",
            "has a tensor under a key that is neither a text nor an integer"
        ),
        ("NQ.", "is damaged: its pickle refers to a storage in a way that torch.save does not"),
    ])
    func refusesWhatNoPicklerWrites(_ pickle: String, _ message: String) {
        #expect(outcome(Array(pickle.utf8)) == message)
    }
}

extension [UInt8] {
    /// `separator` behind every two bytes.
    fileprivate func chunked(by separator: [UInt8]) -> [UInt8] {
        stride(from: 0, to: count, by: 2).flatMap { self[$0..<$0 + 2] + separator }
    }
}
