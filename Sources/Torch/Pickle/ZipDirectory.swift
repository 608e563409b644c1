internal import BraidSupport

/// The directory of a zip archive whose entries are stored, not compressed, as `torch.save` writes them.
///
/// Everything the directory says is checked against the file and against what stands before each entry. Zip64 is understood.
/// Format: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3.
struct ZipDirectory {
    struct Entry {
        let name: String
        /// Bytes from the start of the file.
        let range: Range<Int>
        fileprivate let start: Int
    }

    private(set) var entries: [Entry] = []
    private let bytes: UnsafeRawBufferPointer

    /// - Throws: Where an offset, a length or a name is not what it must be, two entries overlap, or one is compressed.
    init(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        self.bytes = bytes
        let end = try ZipEnd(bytes)
        var reader = try ByteReader(
            UnsafeRawBufferPointer(rebasing: bytes[..<end.directory.upperBound]), at: end.directory.lowerBound,
            name: "the zip directory")
        // A storage for each tensor, and what torch.save puts beside them.
        let (tensors, others) = (Limit.tensors.value, 100)
        guard end.count - others <= tensors else {
            throw .exceeded(.tensors, "its zip directory has \(end.count) entries", tensors)
        }
        entries.reserveCapacity(end.count)
        for _ in 0..<end.count { entries.append(try entry(&reader)) }
        guard reader.remaining == 0 else { throw .damaged("its zip directory has \(reader.remaining) bytes too many") }
        try checkOverlap(before: end.directory.lowerBound)
    }

    private func entry(_ reader: inout ByteReader) throws(Refusal) -> Entry {
        let header = try ZipHeader(central: &reader)
        let longest = Limit.tensorNameBytes.value
        guard header.name.utf8.count <= longest else {
            let what = "an entry of its zip directory has a name of \(header.name.utf8.count) bytes"
            throw .exceeded(.tensorNameBytes, what, longest)
        }
        let name = shown(header.name)
        guard header.flags & 1 == 0 else { throw Refusal("its entry \(name) is encrypted") }
        guard header.method == 0 else {
            throw Refusal("its entry \(name) is compressed, which torch.save does not do: unpack it, and read what is in it")
        }
        guard header.compressedSize == header.size else { throw .damaged("its entry \(name) has two sizes") }
        guard Self.isSafe(header.name) else { throw Refusal("its entry \(name) has a name that leads out of the archive") }

        var localReader = try ByteReader(bytes, at: header.offset, name: "the entry \(name)")
        let local = try ZipHeader(local: &localReader)
        // With flag 8 the sizes stand behind the data, and zeros here.
        let sizesFollow = local.flags & 8 != 0 && (local.size == 0 || local.size == 0xFFFF_FFFF)
        guard local.name == header.name, local.method == 0, local.size == header.size || sizesFollow else {
            throw .damaged("its entry \(name) is not what its zip directory says")
        }
        return Entry(name: header.name, range: try localReader.take(header.size), start: header.offset)
    }

    private static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.contains("\\") && !name.contains("\0")
            && !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
    }

    /// No name is there twice, and no two entries share bytes with each other or with the directory.
    private func checkOverlap(before directory: Int) throws(Refusal) {
        var names: Set<String> = []
        var end = 0
        for entry in entries.sorted(by: { ($0.start, $0.range.upperBound) < ($1.start, $1.range.upperBound) }) {
            guard names.insert(entry.name).inserted else { throw Refusal("its entry \(shown(entry.name)) is there twice") }
            guard entry.start >= end, entry.range.upperBound <= directory else {
                throw .damaged("its entry \(shown(entry.name)) overlaps another")
            }
            end = entry.range.upperBound
        }
    }
}
