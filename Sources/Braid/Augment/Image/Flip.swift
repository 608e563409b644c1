extension AugmentationKind {
    /// Left and right exchanged.
    static let flip = AugmentationKind(
        name: "flip", modality: .image, paper: "Krizhevsky et al. 2012, ImageNet Classification with Deep CNNs"
    ) { reader, keys in
        let chance = keys.double(
            &reader, "flip", .init(none: 0, light: 0.5, strong: 0.5), 0...1,
            "The chance that left and right of a picture are exchanged. Set it to 0 where they mean something: letters, digits, signs."
        )
        guard chance > 0 else { return nil }
        return Augmentation("flip", "flip \(chance)", .picture { $1.chance(chance) ? $0.mirrored() : $0 })
    }
}
