internal import CTorch

/// What frozen layers compute in: the number format of their weights and activations.
public enum Precision: String, Sendable, CaseIterable, Codable {
    /// 32-bit floating point.
    case fp32
    /// 16-bit floating point with float32's range (bfloat16); sums are kept in 32 bits.
    case bf16

    /// The dtype that values have between layers.
    public var dtype: DType { self == .fp32 ? .float32 : .bfloat16 }

    /// Whether this processor has instructions for it. bf16 without them is emulated, and slower than fp32.
    public var isSupported: Bool { self == .fp32 || ct_has_bfloat16() }
}
