internal import BraidTokenizers
public import Torch

extension TextFrontEnd {
    /// The text, and its token ids.
    public var augments: Set<Augmentation.Stage> { [.text, .tokens, .prepared] }

    /// Prepares a text as `prepare(_:)` does, changed first, and its own tokens behind.
    ///
    /// - Throws: `DecodeError` where a file cannot be read or is not UTF-8, or where the text gives no token.
    public func prepare(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> Tensor {
        let text = try medium.text()
        var ids = try tokenizer.encode(prompt + (try augmentation.text(text)), limit: maxLength)
        // What is left of a text may be what the tokenizer removes: then nothing is left out.
        if ids.count <= kept.before + kept.after { ids = try tokenizer.encode(prompt + text, limit: maxLength) }
        ids = try changed(ids, augmentation)
        guard !ids.isEmpty else { return try prepare(medium) }
        return try augmentation.prepared(Tensor(ids.map(Int64.init), shape: [ids.count]))
    }

    /// How many tokens stay as they are: the special ones around a text, and the prompt's.
    private var kept: (before: Int, after: Int) {
        (max(tokenizer.specialTokens.before, promptLength), tokenizer.specialTokens.after)
    }

    private func changed(_ ids: [Int32], _ augmentation: DrawnAugmentation) throws -> [Int32] {
        let (before, after) = kept
        guard ids.count > before + after else { return ids }
        let own = try augmentation.tokens(Array(ids[before..<ids.count - after]))
        return Array(ids[..<before]) + own + Array(ids[(ids.count - after)...])
    }
}
