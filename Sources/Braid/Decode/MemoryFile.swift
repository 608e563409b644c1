internal import CSndFile
internal import Foundation

/// Bytes that libsndfile reads as if they were a file.
final class MemoryFile {
    private let data: Data
    private var position = 0

    init(_ data: Data) { self.data = data }

    /// The open recording; nil where it is none. This object must live as long as what is opened.
    func open(_ info: inout SF_INFO) -> OpaquePointer? {
        var calls = SF_VIRTUAL_IO(
            get_filelen: { MemoryFile.of($0).map { sf_count_t($0.data.count) } ?? 0 },
            seek: { MemoryFile.of($2)?.seek(Int($0), $1) ?? -1 },
            read: { MemoryFile.of($2)?.read($0, Int($1)) ?? 0 },
            write: { _, _, _ in 0 },
            tell: { MemoryFile.of($0).map { sf_count_t($0.position) } ?? 0 })
        return sf_open_virtual(&calls, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
    }

    private static func of(_ pointer: UnsafeMutableRawPointer?) -> MemoryFile? {
        pointer.map { Unmanaged<MemoryFile>.fromOpaque($0).takeUnretainedValue() }
    }

    private func seek(_ offset: Int, _ whence: Int32) -> sf_count_t {
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : data.count
        let (target, overflows) = base.addingReportingOverflow(offset)
        guard !overflows, (0...data.count).contains(target) else { return -1 }
        position = target
        return sf_count_t(target)
    }

    private func read(_ target: UnsafeMutableRawPointer?, _ count: Int) -> sf_count_t {
        let taken = max(0, min(count, data.count - position))
        guard let target, taken > 0 else { return 0 }
        data.copyBytes(to: target.assumingMemoryBound(to: UInt8.self), from: position..<position + taken)
        position += taken
        return sf_count_t(taken)
    }
}
