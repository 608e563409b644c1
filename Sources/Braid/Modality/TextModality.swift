extension ModalityKind {
    /// Written words, in the manifest itself or in files of their own.
    static let text = ModalityKind(
        name: "text", sources: ["text", "text_path"], presentation: .words,
        batching: Batching(window: 512, positions: 1024, hasLength: true), mayRepeat: true,
        read: { cells in
            let (inline, path) = (cells.cell("text"), cells.cell("text_path"))
            if inline != nil && path != nil { cells.fault("text_path", "text and text_path are both given; leave one empty") }
            return inline.map { .inline($0) } ?? path.map { .file(cells.file($0)) }
        },
        check: { _ = try $0.text() })
}
