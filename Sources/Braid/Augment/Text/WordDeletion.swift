extension AugmentationKind {
    /// Words left out.
    static let wordDeletion = AugmentationKind(
        name: "word-deletion", modality: .text, paper: "Wei and Zou 2019, arXiv:1901.11196"
    ) { reader, keys in
        let chance = keys.double(
            &reader, "word_deletion", .init(none: 0, light: 0.1, strong: 0.2), 0...0.9,
            "The chance of each word of a text to be left out; one stays in any case.")
        guard chance > 0 else { return nil }
        return Augmentation(
            "word-deletion", "words left out \(chance)",
            .text { text, draws in
                let words = text.split(whereSeparator: \.isWhitespace)
                guard words.count > 1 else { return text }
                return draws.kept(words.count, chance: chance).map { String(words[$0]) }.joined(separator: " ")
            })
    }
}

extension Draws {
    /// The numbers below `count` that stay where each is left out with `chance`; at least one.
    mutating func kept(_ count: Int, chance: Double) -> [Int] {
        let kept = (0..<count).filter { _ in !self.chance(chance) }
        return kept.isEmpty && count > 0 ? [below(count)] : kept
    }
}
