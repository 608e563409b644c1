import Foundation

@testable import Torch

/// Bytes of a number, little-endian.
func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

/// A pickled text.
func text(_ text: String) -> [UInt8] { Array("X".utf8) + bytes(UInt32(text.utf8.count)) + Array(text.utf8) }

/// The pickle of `{"w": tensor}`, the tensor of the storage `0` of `count` float32.
func tensorPickle(count: Int32, offset: Int32 = 0, shape: [Int32], strides: [Int32], key: String = "0") -> [UInt8] {
    func integer(_ value: Int32) -> [UInt8] { Array("J".utf8) + bytes(value) }
    func tuple(_ values: [Int32]) -> [UInt8] { Array("(".utf8) + values.flatMap(integer) + Array("t".utf8) }
    let storage =
        Array("(".utf8) + text("storage") + Array("ctorch\nFloatStorage\n".utf8) + text(key) + text("cpu")
        + integer(count) + Array("tQ".utf8)
    let tensor =
        Array("ctorch._utils\n_rebuild_tensor_v2\n(".utf8) + storage + integer(offset) + tuple(shape) + tuple(strides)
        + [0x89] + Array("NtR".utf8)
    return [0x80, 2] + Array("}".utf8) + text("w") + tensor + Array("s.".utf8)
}

/// A zip archive of stored entries, or of ones that lie about themselves.
struct ZipBuilder {
    struct Entry {
        var name: String
        var content: [UInt8]
        var localName: String?
        var size: UInt32?
        var localSize: UInt32?
        var offset: UInt32?
        var method: UInt16 = 0
        var flags: UInt16 = 0
    }

    var entries: [Entry]
    /// In place of the directory's own.
    var directoryOffset: UInt32?
    var directorySize: UInt32?
    var count: UInt16?
    /// Whether sizes and offsets are in zip64 fields.
    var zip64 = false

    init(_ entries: [Entry]) { self.entries = entries }

    /// An archive as torch.save makes it, with one storage of `storage` bytes.
    init(pickle: [UInt8], storage: Int = 16) {
        entries = [
            Entry(name: "x/data.pkl", content: pickle), Entry(name: "x/byteorder", content: Array("little".utf8)),
            Entry(name: "x/data/0", content: [UInt8](repeating: 1, count: storage)),
        ]
    }

    var data: [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let size = UInt32(entry.content.count)
            let (offset, claimed) = (entry.offset ?? UInt32(file.count), entry.size ?? size)
            let name = Array((entry.localName ?? entry.name).utf8)
            file += bytes(UInt32(0x0403_4B50)) + bytes(UInt16(20)) + bytes(entry.flags) + bytes(entry.method) + bytes(UInt64(0))
            file += bytes(entry.localSize ?? size) + bytes(entry.localSize ?? size) + bytes(UInt16(name.count)) + [0, 0]
            file += name + entry.content
            let large = [claimed, claimed, offset].flatMap { bytes(UInt64($0)) }
            let extra = zip64 ? bytes(UInt16(1)) + bytes(UInt16(24)) + large : []
            let shownSize = zip64 ? UInt32.max : claimed
            directory += bytes(UInt32(0x0201_4B50)) + bytes(UInt32(20)) + bytes(entry.flags) + bytes(entry.method)
            directory += bytes(UInt64(0)) + bytes(shownSize) + bytes(shownSize) + bytes(UInt16(entry.name.utf8.count))
            directory += bytes(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
            directory += bytes(zip64 ? UInt32.max : offset) + Array(entry.name.utf8) + extra
        }
        let (start, size) = (directoryOffset ?? UInt32(file.count), directorySize ?? UInt32(directory.count))
        file += directory
        let count = self.count ?? UInt16(entries.count)
        if zip64 {
            let end = UInt64(file.count)
            file += bytes(UInt32(0x0606_4B50)) + bytes(UInt64(44)) + [UInt8](repeating: 0, count: 12)
            file += [UInt64(count), UInt64(count), UInt64(size), UInt64(start)].flatMap { bytes($0) }
            file += bytes(UInt32(0x0706_4B50)) + bytes(UInt32(0)) + bytes(end) + bytes(UInt32(1))
        }
        file += bytes(UInt32(0x0605_4B50)) + bytes(UInt32(0)) + bytes(zip64 ? .max : count) + bytes(zip64 ? .max : count)
        return file + bytes(zip64 ? .max : size) + bytes(zip64 ? .max : start) + [0, 0]
    }
}

/// What reading `file` as a checkpoint is refused with; nil where it is not.
func refusal(_ file: [UInt8]) -> String? {
    file.withUnsafeBytes { bytes in
        do throws(Refusal) {
            _ = try PickledContents(bytes, source: nil)
            return nil
        } catch { return error.message }
    }
}
