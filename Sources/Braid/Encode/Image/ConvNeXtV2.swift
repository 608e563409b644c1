internal import Torch

/// Global response normalization (Woo et al. 2023, arXiv:2301.00808): each channel's size over the whole picture, against the mean of all
/// channels' sizes, makes it compete with the others.
struct GlobalResponseNorm {
    private let weight: TokenTable
    private let bias: TokenTable
    private static let epsilon = 1e-6

    init(_ scope: Scope, _ width: Int) throws {
        weight = try TokenTable(scope, "weight", rows: 1, width, .constant(0), role: .norm)
        bias = try TokenTable(scope, "bias", rows: 1, width, .constant(0), role: .norm)
    }

    /// `[B, H, W, C]` to the same shape.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let sizes = try x.norms(over: [1, 2])
        let relative = try sizes / sizes.mean([3], keep: true).adding(Self.epsilon)
        // x · (1 + w · n) + b: fewer passes over all of x than w · (x · n) + b + x.
        let factor = try (relative * weight()).adding(1).converted(to: x.dtype)
        return try x * factor + bias().converted(to: x.dtype)
    }
}

extension ConvNeXt {
    /// ConvNeXt V2: timm's names, and `convnextv2`, whose sizes Transformers' `config.json` gives.
    static let secondBuilders =
        [
            ("atto", [2, 2, 6, 2], [40, 80, 160, 320]), ("femto", [2, 2, 6, 2], [48, 96, 192, 384]),
            ("pico", [2, 2, 6, 2], [64, 128, 256, 512]), ("nano", [2, 2, 8, 2], [80, 160, 320, 640]),
            ("tiny", [3, 3, 9, 3], [96, 192, 384, 768]), ("small", [3, 3, 27, 3], [96, 192, 384, 768]),
            ("base", [3, 3, 27, 3], [128, 256, 512, 1024]), ("large", [3, 3, 27, 3], [192, 384, 768, 1536]),
            ("huge", [3, 3, 27, 3], [352, 704, 1408, 2816]),
        ].map { name, depths, widths in
            let shape = Shape(depths: depths, widths: widths, normalizesResponses: true)
            return EncoderBuilder(
                modality: .image, name: "convnextv2_\(name)", paper: "arXiv:2301.00808",
                layouts: { _ in [huggingFace(shape, model: "convnextv2"), authors(shape)] },
                build: { source in
                    try source.config.expectPlainTimm()
                    let bare = ImageFrontEnd.torchvision(resize: 256, crop: 224, .bicubic)
                    return (try ConvNeXt(source.scope, shape), try ImageFrontEnd(source, bare: bare))
                })
        } + [
            EncoderBuilder(
                modality: .image, name: "convnextv2", paper: "arXiv:2301.00808",
                layouts: { [huggingFace(try secondStated($0), model: "convnextv2")] },
                build: { (try ConvNeXt($0.scope, secondStated($0.config)), try ImageFrontEnd($0)) }
            )
            .usually("facebook/convnextv2-tiny-22k-224", licence: "CC-BY-NC-4.0")
        ]

    private static func secondStated(_ config: JSONObject) throws -> Shape {
        var shape = try stated(config)
        shape.normalizesResponses = true
        return shape
    }
}
