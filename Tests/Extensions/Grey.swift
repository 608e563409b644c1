import Braid

/// Pictures without their colours: an augmentation in one file.
enum Grey {
    static let kind = AugmentationKind(name: "grey", modality: .image, paper: "docs/extending.md") { reader, keys in
        let chance = keys.double(
            &reader, "grey", .init(none: 0, light: 0, strong: 0.1), 0...1, "The chance that a picture loses its colours.")
        guard chance > 0 else { return nil }
        return Augmentation(
            "grey", "grey \(chance)",
            .picture { picture, draws in
                guard draws.chance(chance) else { return picture }
                let greys = stride(from: 0, to: picture.pixels.count, by: 3).flatMap { place in
                    let sum = picture.pixels[place..<place + 3].reduce(0) { $0 + Int($1) }
                    return [UInt8](repeating: UInt8(sum / 3), count: 3)
                }
                return Image(width: picture.width, height: picture.height, pixels: greys)
            })
    }
}
