public import Torch

/// Whether what frozen blocks of an encoder give is kept, where the blocks behind them are trained.
public struct ActivationSettings: Sendable, Equatable {
    /// The number format that it is kept in.
    public enum Format: String, CaseIterable, Sendable {
        /// As it was computed.
        case fp32
        /// Half the room, for values up to 65,504.
        case fp16
        /// Half the room, for values of any size, at 8 significant bits.
        case bf16

        /// The dtype of stored values.
        public var dtype: DType {
            switch self {
            case .fp32: .float32
            case .fp16: .float16
            case .bf16: .bfloat16
            }
        }
    }

    /// The most bytes that all kept activations may take; 0: none are kept.
    public let limit: Int
    /// The number format that they are kept in.
    public let format: Format

    /// Reads the keys of `training.activation_cache`.
    init(_ reader: inout ConfigurationReader, trainsEncoders: Bool) {
        let path = "training.activation_cache"
        let gigabytes = reader.double(
            "\(path).limit", 10, 0...1e6,
            "Gigabytes on disk for what frozen blocks in front of trained ones give of each medium, so that an epoch costs only what is trained. What has no room, and all with 0, is computed anew in each epoch; so is what augment or mixup change.",
            records: trainsEncoders)
        limit = Int(gigabytes * 1e9)
        format = reader.choice(
            "\(path).precision", .fp32, "The number format of these activations on disk: fp16 and bf16 take half the room.",
            records: trainsEncoders)
        for key in ["limit", "precision"] {
            reader.refuse(
                "\(path).\(key)", unless: trainsEncoders,
                "acts only where an encoder is trained: modalities.….train other than none")
        }
        reader.refuse("\(path).precision", unless: limit > 0, "acts only where \(path).limit is above 0")
    }
}
