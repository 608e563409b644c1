extension Limit {
    /// The most bytes of a safetensors file's header.
    public static let headerBytes = Limit(
        "header-bytes", 25_000_000, "Bytes of a safetensors file's header. A model of 10,000 tensors has about 1,000,000.")

    /// The most tensors of one weights file.
    public static let tensors = Limit(
        "tensors", 100_000, "Tensors in one weights file. The largest models published have some 10,000.")

    /// Every limit, in the order of the table in docs/limits.md.
    public static let all: [Limit] = [headerBytes, tensors]
}
