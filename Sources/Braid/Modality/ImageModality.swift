extension ModalityKind {
    /// Pictures.
    static let image = ModalityKind(
        name: "image", sources: ["image"], presentation: .picture,
        batching: Batching(window: 32, positions: 4 * 224 * 224, hasLength: false),
        read: { cells in cells.medium("image") },
        check: { _ = try ImageDecoder.decode($0) })
}
