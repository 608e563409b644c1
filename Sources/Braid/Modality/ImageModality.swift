extension ModalityKind {
    /// Pictures: PNG and JPEG files.
    static let image = ModalityKind(
        name: "image", sources: ["image"], presentation: .picture,
        batching: Batching(window: 32, positions: 4 * 224 * 224, hasLength: false),
        read: { cells in cells.cell("image").map { .file(cells.file($0)) } },
        check: { _ = try ImageDecoder.decode($0) })
}
