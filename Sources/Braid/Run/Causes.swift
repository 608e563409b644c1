internal import Foundation
internal import Torch

/// What errors of other layers mean to whoever ran a command.
public enum Causes {
    /// The exit code of the command that ends with `error`.
    public static func code(of error: any Error) -> BraidError.Code {
        switch error {
        case let error as BraidError: error.code
        case let error as TorchError where isOutOfMemory(error): .unavailable
        case let error as SafetensorsError where error.isUnreadable: .noInput
        case let error as CheckpointError where error.isUnreadable: .noInput
        case is DecodeError, is SafetensorsError, is CheckpointError, is LoadError, is BadSample: .badData
        case is FileWriteError: .cannotCreate
        case let error as CocoaError: error.code.rawValue >= CocoaError.fileWriteUnknown.rawValue ? .cannotCreate : .noInput
        default: .internal
        }
    }

    /// What a person reads of `error`: in the words of this library, where another's are for programmers, and with what to do.
    public static func text(of error: any Error) -> String {
        if let error = error as? TorchError, isOutOfMemory(error) {
            return
                "there is not enough memory: \(error.operation) wanted more than the system gives. Lower training.batch_size, or --threads, or raise the limit on the process (ulimit -v, its container's); what was finished is kept, and --resume goes on"
        }
        return FileFault.describe(error) ?? "\(error)"
    }

    /// Of processors and of GPUs.
    private static func isOutOfMemory(_ error: TorchError) -> Bool {
        ["can't allocate memory", "out of memory", "bad_alloc"].contains(where: error.message.contains)
    }
}
