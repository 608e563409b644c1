extension AugmentationKind {
    /// Moved in time; what leaves at one end comes in at the other.
    static let shift = AugmentationKind(
        name: "shift", modality: .audio, paper: "Salamon and Bello 2016, arXiv:1608.04363"
    ) { reader, keys in
        let most = keys.double(
            &reader, "shift", .init(none: 0, light: 0.1, strong: 0.25), 0...1,
            "A recording is moved in time by up to this share of its length, either way; what leaves at one end comes in at the other."
        )
        guard most > 0 else { return nil }
        return Augmentation(
            "shift", "shift \(most)",
            .sound { samples, _, draws in samples.rolled(by: Int(bounded: draws.uniform(-most...most) * Double(samples.count))) })
    }
}

extension [Float] {
    /// As `torch.roll`: the element at a place goes `count` places further.
    func rolled(by count: Int) -> [Float] {
        guard !isEmpty else { return self }
        let start = ((-count % self.count) + self.count) % self.count
        return Array(self[start...] + self[..<start])
    }
}
