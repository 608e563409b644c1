internal import Torch

/// Where a user wants tensors to lie and be computed on.
public enum DeviceChoice: String, CaseIterable, Sendable {
    /// The first CUDA device where there is one, else the CPU.
    case auto
    /// The CPU.
    case cpu
    /// The first CUDA device; an error where there is none.
    case cuda
}

extension DeviceChoice {
    /// The device to use; `cuda` where there is none is an error.
    func resolve() throws -> Device {
        switch self {
        case .cpu: return .cpu
        case .auto: return try Device.cudaCount() > 0 ? .cuda(0) : .cpu
        case .cuda:
            guard try Device.cudaCount() > 0 else {
                throw BraidError(
                    .unavailable, "device: cuda, but libtorch sees no CUDA device; use device: auto, or a CUDA build of libtorch")
            }
            return .cuda(0)
        }
    }
}
