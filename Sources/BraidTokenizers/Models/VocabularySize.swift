internal import BraidSupport

/// How large a vocabulary is so far, compared with the limits token by token.
struct VocabularySize {
    private let file: String
    private let tokens = Limit.vocabulary.value
    private let bytes = Limit.vocabularyBytes.value
    private let longest = Limit.tokenBytes.value
    private var count = 0
    private var size = 0

    /// - Parameter file: What errors call the vocabulary.
    init(_ file: String) { self.file = file }

    /// Counts a token of so many bytes.
    ///
    /// - Throws: `BraidError` where it is too long, or there are too many.
    mutating func add(_ length: Int) throws {
        count += 1
        size += length
        guard length <= longest else {
            throw Limit.tokenBytes.exceeded("its token \(count - 1) has \(length) bytes", file: file, bound: longest)
        }
        guard count <= tokens else { throw Limit.vocabulary.exceeded("more than \(tokens) tokens", file: file, bound: tokens) }
        guard size <= bytes else {
            throw Limit.vocabularyBytes.exceeded("tokens of more than \(bytes) bytes together", file: file, bound: bytes)
        }
    }
}
