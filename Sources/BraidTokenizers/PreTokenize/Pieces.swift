/// Text on its way to the model: bytes, and the pieces of them that the model sees one by one.
struct Pieces {
    /// Where a piece lies in `bytes`. No piece is empty.
    struct Piece {
        var start: Int
        var end: Int
    }

    private(set) var bytes: [UInt8] = []
    private(set) var all: [Piece] = []
    /// Pieces that begin before this offset come from the first scalar of the whole text, which Metaspace's scheme "first" asks.
    private(set) var origin = 0
    /// How many bytes they may become; a sequence of steps stops behind the one that made more of them.
    private(set) var most = Int.max
    private var otherBytes: [UInt8] = []
    private var otherPieces: [Piece] = []

    /// One piece, of `text`.
    mutating func reset(_ text: Bytes, origin: Int, most: Int = .max) {
        self.most = most
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: text)
        all.removeAll(keepingCapacity: true)
        if text.count > 0 { all.append(Piece(start: 0, end: text.count)) }
        self.origin = origin
    }

    /// Puts what `body` appends in the place of each piece; empty ones are dropped.
    @inline(__always)
    mutating func split(_ body: (Bytes, Piece, inout PieceList) -> Void) {
        var list = PieceList(otherPieces)
        otherPieces = []
        bytes.withUnsafeBufferPointer { text in
            for piece in all { body(text, piece, &list) }
        }
        swap(&all, &list.pieces)
        otherPieces = list.pieces
    }

    /// Puts what `body` writes in the place of each piece.
    @inline(__always)
    mutating func rewrite(_ body: (Bytes, Piece, inout [UInt8]) -> Void) {
        var output = otherBytes
        otherBytes = []
        output.removeAll(keepingCapacity: true)
        output.reserveCapacity(bytes.count * 2)
        var pieces = all
        all = []
        var newOrigin = 0
        bytes.withUnsafeBufferPointer { text in
            for index in pieces.indices {
                let start = output.count
                body(text, pieces[index], &output)
                if pieces[index].start < origin { newOrigin = output.count }
                pieces[index] = Piece(start: start, end: output.count)
            }
        }
        all = pieces
        origin = newOrigin
        otherBytes = bytes
        bytes = output
    }
}

/// Pieces as they are found, in order.
struct PieceList {
    fileprivate(set) var pieces: [Pieces.Piece]

    fileprivate init(_ storage: [Pieces.Piece]) {
        pieces = storage
        pieces.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    mutating func append(_ start: Int, _ end: Int) {
        if start < end { pieces.append(Pieces.Piece(start: start, end: end)) }
    }
}
