extension AugmentationKind {
    /// Tokens left out: pieces of words too.
    static let tokenDropout = AugmentationKind(
        name: "token-dropout", modality: .text, paper: "Wei and Zou 2019, arXiv:1901.11196, on tokens"
    ) { reader, keys in
        let chance = keys.double(
            &reader, "token_dropout", .init(none: 0, light: 0, strong: 0.1), 0...0.9,
            "The chance of each token of a text to be left out; the special ones around it stay, and one of its own.")
        guard chance > 0 else { return nil }
        return Augmentation(
            "token-dropout", "tokens left out \(chance)",
            .tokens { ids, draws in draws.kept(ids.count, chance: chance).map { ids[$0] } })
    }
}
