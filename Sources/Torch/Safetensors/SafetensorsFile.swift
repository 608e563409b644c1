internal import BraidSupport
public import Foundation

/// A safetensors file, memory-mapped: nothing is read until a tensor is used, and nothing in it is executed.
///
/// Format: an 8-byte little-endian header length, a JSON header of names to dtype, shape and byte range, then the data.
/// Every offset is checked against the file before it is followed.
public final class SafetensorsFile {
    /// What the header says of one tensor.
    public struct Entry: Sendable {
        /// The dtype of the stored elements.
        public let dtype: DType
        /// The size of each dimension; empty for a scalar.
        public let shape: [Int]
        /// Bytes from the start of the file.
        let range: Range<Int>
    }

    /// The path of the file, as errors show it.
    public let path: String
    /// Every tensor of the file, by name.
    public let entries: [String: Entry]
    /// Texts that whoever wrote the file put beside the tensors: the header's `__metadata__`.
    public let metadata: [String: String]
    private let mapping: FileMapping

    /// Maps the file and reads its header; tensors are read as they are asked for.
    ///
    /// - Throws: `SafetensorsError` where the file cannot be opened, or its header contradicts it or the format.
    public init(_ url: URL) throws {
        path = url.path
        mapping = try FileMapping(url)
        (entries, metadata) = try SafetensorsHeader(mapping.bytes, path: url.path).parse()
    }

    /// The tensor called `name`: a view of the mapped file where it is aligned, else a copy.
    ///
    /// - Throws: `SafetensorsError` where there is none of this name.
    public func tensor(_ name: String) throws -> Tensor {
        guard let entry = entries[name] else {
            throw SafetensorsError(path: path, message: "there is no tensor called \(name)")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: mapping.bytes[entry.range])
        let view = try Tensor(viewing: bytes, dtype: entry.dtype, shape: entry.shape, owner: mapping)
        let aligned = entry.range.lowerBound.isMultiple(of: entry.dtype.size)
        guard !aligned else { return view }
        let copy = try view.cloned()
        mapping.discard(entry.range)
        return copy
    }
}

extension SafetensorsFile {
    /// Copies the tensor called `name` over `target`, whose values the file has kept.
    ///
    /// - Throws: `SafetensorsError` where there is none of this name, it is of another dtype or shape, or it holds NaN or infinity; `TorchError` where
    ///   libtorch refuses.
    public func copy(_ name: String, over target: Tensor) throws {
        let kept = try tensor(name)
        guard kept.dtype == target.dtype, kept.shape == target.shape else {
            let (found, expected) = ("\(kept.dtype) \(kept.shape)", "\(target.dtype) \(target.shape)")
            throw SafetensorsError(path: path, message: "\(name) is \(found), expected \(expected)")
        }
        if kept.dtype.isFloatingPoint, let damage = try WeightDamage.of(kept, name) {
            throw SafetensorsError(path: path, message: "\(name) \(damage)")
        }
        try target.copyInPlace(from: kept)
    }

    /// Gives back the memory that reading `name` took; for a tensor that was copied, and of which no view is in use.
    ///
    /// Does nothing for a name that is not in the file.
    public func discard(_ name: String) {
        if let entry = entries[name] { mapping.discard(entry.range) }
    }
}

/// A safetensors file that cannot be read or written.
public struct SafetensorsError: Error, CustomStringConvertible, Sendable {
    /// The file that cannot be read or written.
    public let path: String
    /// What is wrong with it, without the path.
    public let message: String
    /// Whether it is not there, is no file, or may not be read; else it was read, and something in it is wrong.
    package var isUnreadable = false

    /// One line for a person to read: the path and what is wrong.
    public var description: String { "\(path): \(message)" }
}

/// A whole file in memory, private to this process: writing to it leaves the file alone.
final class FileMapping {
    let bytes: UnsafeRawBufferPointer

    init(_ url: URL) throws(SafetensorsError) {
        func unreadable(_ reason: String) -> SafetensorsError {
            SafetensorsError(path: url.path, message: "cannot be read: \(reason)", isUnreadable: true)
        }
        if let reason = InputFile.fault(of: url.path) { throw unreadable(reason) }
        // Whatever stands there by now, opening does not wait for anybody.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(errno == EACCES ? "no permission" : String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw unreadable("is not a regular file") }
        let size = Int(status.st_size)
        guard size > 0 else { throw SafetensorsError(path: url.path, message: "is empty") }
        guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw unreadable(String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    /// Gives the memory of whole pages in `range` back: what was read there is read again from the file when it is needed.
    func discard(_ range: Range<Int>) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let (first, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
        guard first < end, let base = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
