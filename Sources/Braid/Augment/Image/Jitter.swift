extension AugmentationKind {
    /// Brightness, contrast, saturation and hue changed, in an order drawn, as torchvision's `ColorJitter`.
    static let jitter = AugmentationKind(
        name: "jitter", modality: .image, paper: "Howard 2013, arXiv:1312.5402"
    ) { reader, keys in
        let strength = keys.double(
            &reader, "jitter", .init(none: 0, light: 0.2, strong: 0.2), 0...1,
            "Brightness, contrast and saturation of a picture are multiplied by 1 minus this to 1 plus this.")
        let hue = keys.double(
            &reader, "hue", .init(none: 0, light: 0, strong: 0), 0...0.5,
            "The hue of a picture is turned by up to this share of the circle, either way.")
        guard strength > 0 || hue > 0 else { return nil }
        return Augmentation(
            "jitter", "jitter \(strength), hue \(hue)",
            .picture { picture, draws in
                // All are drawn whatever the order: so that each factor is the same with and without the others.
                let order = draws.order(4)
                let factors = (0..<3).map { _ in draws.uniform((1 - strength)...(1 + strength)) }
                let turn = draws.uniform(-hue...hue)
                return order.reduce(picture) { picture, step in
                    switch step {
                    case 0: strength > 0 ? picture.brightened(factors[0]) : picture
                    case 1: strength > 0 ? picture.contrasted(factors[1]) : picture
                    case 2: strength > 0 ? picture.saturated(factors[2]) : picture
                    default: hue > 0 ? picture.hueTurned(turn) : picture
                    }
                }
            })
    }
}
