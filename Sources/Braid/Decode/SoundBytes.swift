internal import Foundation

/// The bytes of a recording, in a file or in memory, as the libraries that decode it read them: from a place that moves on.
final class SoundBytes {
    /// What errors call it.
    let path: String
    let count: Int
    private(set) var position = 0
    private let source: Source
    /// What is read in place of a few of the bytes.
    private var patch = (offset: 0, bytes: [UInt8]())

    private enum Source {
        case file(Int32)
        case memory(Data)
    }

    /// - Throws: `DecodeError` where the file cannot be opened.
    init(_ audio: Medium) throws {
        path = audio.name
        guard let url = audio.url else {
            let data = try audio.data()
            (source, count) = (.memory(data), data.count)
            return
        }
        try MediaFile.check(url)
        let file = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        var status = stat()
        guard file >= 0, fstat(file, &status) == 0 else {
            if file >= 0 { close(file) }
            throw DecodeError(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
        (source, count) = (.file(file), Int(status.st_size))
    }

    deinit { if case .file(let file) = source { close(file) } }

    func damage(_ reason: String) -> DecodeError { DecodeError(path: path, reason: reason) }

    /// From here on `bytes` are read at `offset`, in place of those that are there.
    func replace(_ bytes: [UInt8], at offset: Int) { patch = (offset, bytes) }

    /// Up to `wanted` bytes from `offset` on: fewer at the end, none behind it.
    func bytes(at offset: Int, _ wanted: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            count = buffer.baseAddress.map { max(0, copy(at: offset, wanted, to: $0)) } ?? 0
        }
    }

    /// Reads on, as `read(2)` does.
    func read(_ target: UnsafeMutableRawPointer?, _ wanted: Int) -> Int {
        guard let target, wanted > 0 else { return 0 }
        let taken = copy(at: position, wanted, to: target)
        position += max(0, taken)
        return taken
    }

    /// Moves on, as `lseek(2)` does: -1 where there is no such place.
    func seek(_ offset: Int, _ whence: Int32) -> Int {
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : count
        let (target, overflows) = base.addingReportingOverflow(offset)
        guard !overflows, (0...count).contains(target) else { return -1 }
        position = target
        return target
    }

    private func copy(at offset: Int, _ wanted: Int, to target: UnsafeMutableRawPointer) -> Int {
        guard offset >= 0, offset < count else { return 0 }
        let size = min(wanted, count - offset)
        var taken = size
        switch source {
        case .memory(let data):
            let start = data.startIndex + offset
            data.copyBytes(to: target.assumingMemoryBound(to: UInt8.self), from: start..<start + size)
        case .file(let file):
            repeat { taken = pread(file, target, size, off_t(offset)) } while taken < 0 && errno == EINTR
        }
        for (index, byte) in patch.bytes.enumerated() where (offset..<offset + max(0, taken)).contains(patch.offset + index) {
            target.storeBytes(of: byte, toByteOffset: patch.offset + index - offset, as: UInt8.self)
        }
        return taken
    }
}

extension SoundBytes {
    /// What C calls back with, and the other way round. The object must live as long as the pointer is used.
    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func of(_ pointer: UnsafeMutableRawPointer?) -> SoundBytes? {
        pointer.map { Unmanaged<SoundBytes>.fromOpaque($0).takeUnretainedValue() }
    }
}
