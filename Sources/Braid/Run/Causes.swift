internal import Foundation
internal import Torch

/// What errors of other layers mean to whoever ran a command.
public enum Causes {
    /// The exit code of the command that ends with `error`.
    public static func code(of error: any Error) -> BraidError.Code {
        switch error {
        case let error as BraidError: error.code
        case is DecodeError, is SafetensorsError, is CheckpointError, is LoadError, is BadSample: .badData
        case is FileWriteError: .cannotCreate
        case let error as CocoaError: error.code.rawValue >= CocoaError.fileWriteUnknown.rawValue ? .cannotCreate : .noInput
        default: .internal
        }
    }
}
