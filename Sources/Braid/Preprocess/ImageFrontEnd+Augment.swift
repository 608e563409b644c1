public import Torch

extension ImageFrontEnd {
    /// The cut, the picture behind it, and its normalised values.
    public var augments: Set<Augmentation.Stage> { [.region, .picture, .prepared] }

    /// Prepares a picture as `prepare(_:)` does, but that a region drawn takes the place of resize and crop: it is resized to what they would
    /// have given.
    ///
    /// - Throws: `DecodeError` where the picture cannot be decoded, or would become too large.
    public func prepare(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> Tensor {
        let shown = try augmentation.picture(shown(decoded(medium), augmentation))
        return try augmentation.prepared(normalized(shown, 0..<shown.height, 0..<shown.width))
    }

    /// What the encoder would see of a picture, in bytes.
    private func shown(_ image: Image, _ augmentation: DrawnAugmentation) throws -> Image {
        guard let region = try augmentation.region(height: image.height, width: image.width) else { return try framed(image) }
        let size = framedSize(image)
        return try image.cut(region).resized(height: size.height, width: size.width, interpolation, arithmetic)
    }

    /// The size that the encoder sees a picture in.
    private func framedSize(_ image: Image) -> (height: Int, width: Int) {
        crop.map { ($0.height, $0.width) } ?? resizedSize(image.height, image.width)
    }

    /// Resized and cropped, in bytes; what the crop reaches for beyond an edge is filled, its colour rounded.
    func framed(_ image: Image) throws -> Image {
        let target = resizedSize(image.height, image.width)
        let resized = try image.resized(height: target.height, width: target.width, interpolation, arithmetic)
        guard let crop else { return resized }
        guard let place = crop.place(in: resized) else {
            let bytes = try crop.cut(resized.tensor()).squeezed(0).permuted([1, 2, 0]).adding(0.5).clamped(atLeast: 0)
            return Image(
                width: crop.width, height: crop.height, pixels: try bytes.array(of: Float.self).map { UInt8(min($0, 255)) })
        }
        return resized.cut(
            Image.Region(
                top: place.rows.lowerBound, left: place.columns.lowerBound, height: place.rows.count,
                width: place.columns.count))
    }

    /// The picture that was prepared, `[3, H, W]`: the normalisation undone, for a page to show.
    func picture(of prepared: Tensor) throws -> Image {
        let (height, width) = (prepared.shape[1], prepared.shape[2])
        let values = try prepared.permuted([1, 2, 0]).array(of: Float.self)
        let pixels = values.enumerated().map { place, value -> UInt8 in
            let channel = place % 3
            let spread = dividesTwice ? deviation[channel] * deviation[channel] : deviation[channel]
            return UInt8(min(max(((value * spread + mean[channel] - shift) / scale).rounded(), 0), 255))
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}
