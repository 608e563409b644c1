internal import Torch

/// EfficientNet-Lite by timm's names, and in the layout of the PyPI package efficientnet-lite-pytorch.
extension EfficientNet {
    /// The scale, width, depth, and side of the pictures it was trained on.
    private static let liteSizes = [
        ("lite0", 1.0, 1.0, 224), ("lite1", 1.0, 1.1, 240), ("lite2", 1.1, 1.2, 260), ("lite3", 1.2, 1.4, 280),
        ("lite4", 1.4, 1.8, 300),
    ]

    static let liteBuilders = [false, true].flatMap { isTensorFlow in
        liteSizes.map { size, width, depth, side in
            EncoderBuilder(
                modality: .image, name: (isTensorFlow ? "tf_" : "") + "efficientnet_\(size)",
                paper: "github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
                layouts: { _ in [lukeMelas(lite(width, depth, isTensorFlow))] },
                build: { source in
                    try source.config.expectPlainTimm()
                    // The package's weights come from TensorFlow, whatever name they are loaded under.
                    let isTensorFlow = isTensorFlow || source.layout == lukeMelasLayout
                    let bare = liteFrontEnd(side, isTensorFlow: isTensorFlow)
                    let encoder = try EfficientNet(source.scope, lite(width, depth, isTensorFlow))
                    return (encoder, try ImageFrontEnd(source, bare: bare))
                })
        }
    }

    private static func lite(_ width: Double, _ depth: Double, _ isTensorFlow: Bool) -> Shape {
        var shape = Shape(width: width, depth: depth)
        (shape.isLite, shape.keepsEnds) = (true, true)
        shape.isTensorFlow = isTensorFlow
        shape.epsilon = isTensorFlow ? 1e-3 : 1e-5
        return shape
    }

    /// For a bare file: 32 pixels around the crop, as the published evaluation has it. TensorFlow's weights take (x - 127) / 128.
    private static func liteFrontEnd(_ side: Int, isTensorFlow: Bool) -> ImageFrontEnd {
        var frontEnd = ImageFrontEnd.torchvision(resize: side + 32, crop: side, .bicubic)
        guard isTensorFlow else { return frontEnd }
        frontEnd.mean = [Float](repeating: 127.0 / 255, count: 3)
        frontEnd.deviation = [Float](repeating: 128.0 / 255, count: 3)
        return frontEnd
    }
}
