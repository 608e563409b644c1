extension ModalityKind {
    /// Columns of numbers and categories, which a configuration lists.
    static let tabular = ModalityKind(
        name: "tabular", sources: [], presentation: .cells,
        batching: Batching(window: 2048, positions: 4096, hasLength: false), mayRepeat: true,
        read: { cells in cells.table() },
        check: { _ = try TableRow($0) })
}
