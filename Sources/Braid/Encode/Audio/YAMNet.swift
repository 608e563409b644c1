public import Torch

/// YAMNet (Plakal and Ellis 2019; MobileNetV1, arXiv:1704.04861).
public struct YAMNet: Encoder {
    public let dimension = 1024
    public let blocks: [[String]] = []
    public func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
        Encoding(pooled: input.values, tokens: input.values)
    }
    static let builders: [EncoderBuilder] = []
}
