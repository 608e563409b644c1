internal import CTorch
internal import Foundation

/// Where a tensor lies and is computed on.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    /// The processor, with the main memory.
    case cpu
    /// The CUDA device with this index, counted from 0.
    case cuda(Int)

    /// The number of CUDA devices that libtorch sees; 0 with a CPU build.
    public static func cudaCount() throws(TorchError) -> Int {
        var count: Int32 = 0
        try check(ct_cuda_device_count(&count), "cuda device count")
        return Int(count)
    }

    /// The device as libtorch names it: `cpu`, `cuda:0`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

/// The libtorch that this process has loaded.
public enum Library {
    /// The version of the libtorch that is loaded, for example `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// The file of the libtorch that is loaded; nil where none is.
    public static var path: String? {
        // Loading is what asking for the version does.
        _ = version
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8))?.split(separator: "\n") ?? []
        let line = maps.first { $0.hasSuffix("/libtorch_cpu.so") }
        return line.flatMap { line in line.firstIndex(of: "/").map { String(line[$0...]) } }
    }
}
