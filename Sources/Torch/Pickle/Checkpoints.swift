public import Foundation

/// Opens checkpoints of every format that is known here.
public enum Checkpoints {
    /// Opens `url` by what is in it, whatever its name: safetensors, a file of `torch.save`, or the index of either in several
    /// files.
    ///
    /// - Throws: `SafetensorsError` or `CheckpointError` where the file is none of these, or is damaged.
    public static func open(_ url: URL) throws -> any Checkpoint {
        switch try format(of: url) {
        case .index: try ShardedCheckpoint(url)
        case .safetensors: try SafetensorsFile(url)
        case .zip, .pickle: try PickledCheckpoint(url)
        case .other(let what): throw CheckpointError(path: url.path, message: what)
        }
    }

    static func format(of url: URL) throws(CheckpointError) -> CheckpointFormat {
        do {
            let mapping = try FileMapping(url)
            return withExtendedLifetime(mapping) { CheckpointFormat(mapping.bytes) }
        } catch {
            throw CheckpointError(error)
        }
    }
}
