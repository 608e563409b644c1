/// Cuts at single scalars of a class.
struct ScalarSplit: PreTokenizer {
    private let behavior: SplitBehavior
    private let isMatch: @Sendable (UInt32, UnicodeTables.Traits) -> Bool

    init(behavior: SplitBehavior, _ isMatch: @escaping @Sendable (UInt32, UnicodeTables.Traits) -> Bool) {
        self.behavior = behavior
        self.isMatch = isMatch
    }

    func preTokenize(_ pieces: inout Pieces) {
        let tables = UnicodeTables.shared
        let isMatch = isMatch
        var splitter = Splitter(behavior)
        pieces.split { text, piece, list in
            var start = piece.start
            var index = start
            while index < piece.end {
                let (scalar, length) = text.scalar(at: index)
                if isMatch(scalar, tables.traits(scalar)) {
                    splitter.add(start, index, isMatch: false, &list)
                    splitter.add(index, index + length, isMatch: true, &list)
                    start = index + length
                }
                index += length
            }
            splitter.add(start, piece.end, isMatch: false, &list)
            splitter.finish(&list)
        }
    }
}

/// Words between white space, punctuation marks as words of their own.
struct BertPreTokenizer: PreTokenizer {
    func preTokenize(_ pieces: inout Pieces) {
        let tables = UnicodeTables.shared
        pieces.split { text, piece, list in
            var start = piece.start
            var index = start
            while index < piece.end {
                let (scalar, length) = text.scalar(at: index)
                let traits = tables.traits(scalar)
                if !traits.isDisjoint(with: [.space, .punctuation]) {
                    list.append(start, index)
                    if traits.contains(.punctuation) { list.append(index, index + length) }
                    start = index + length
                }
                index += length
            }
            list.append(start, piece.end)
        }
    }
}

/// `\w+|[^\w\s]+`: runs of word characters, and runs of what is neither those nor white space.
struct WhitespacePreTokenizer: PreTokenizer {
    func preTokenize(_ pieces: inout Pieces) {
        let tables = UnicodeTables.shared
        pieces.split { text, piece, list in
            var start = piece.start
            var index = start
            var kind: UnicodeTables.Traits = .space
            while index < piece.end {
                let (scalar, length) = text.scalar(at: index)
                let found = tables.traits(scalar).intersection([.space, .word])
                if found != kind {
                    if kind != .space { list.append(start, index) }
                    start = index
                    kind = found
                }
                index += length
            }
            if kind != .space { list.append(start, piece.end) }
        }
    }
}
