internal import CTorch

/// What frozen layers compute in: the number format of their weights and activations.
public enum Precision: String, Sendable, CaseIterable, Codable {
    /// 32-bit floating point.
    case fp32
    /// 16-bit floating point with float32's range (bfloat16); sums are kept in 32 bits.
    case bf16

    /// Products of 8-bit whole numbers in the layers of a Transformer (`Int8Layer`); all else is computed in float32.
    case int8

    /// The dtype that values have between layers.
    public var dtype: DType { self == .bf16 ? .bfloat16 : .float32 }

    /// Whether this processor has instructions for it. bf16 without them is emulated, and slower than fp32.
    public var isSupported: Bool {
        switch self {
        case .fp32: true
        case .bf16: ct_has_bfloat16()
        case .int8: ct_has_int8()
        }
    }

    /// What the processor must have for it.
    public var instructions: String { self == .int8 ? "AVX512-VNNI" : "AVX512-BF16" }
}
