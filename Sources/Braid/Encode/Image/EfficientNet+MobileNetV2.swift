internal import Torch

/// MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) by timm's names, in torchvision's layout too, and as `mobilenet_v2`, whose size Transformers'
/// `config.json` gives.
extension EfficientNet {
    /// timm's ending, width, depth, and whether stem, head and single stages are kept.
    private static let mobileSizes = [
        ("035", 0.35, 1.0, false), ("050", 0.5, 1.0, false), ("075", 0.75, 1.0, false), ("100", 1.0, 1.0, false),
        ("110d", 1.1, 1.2, true), ("120d", 1.2, 1.4, true), ("140", 1.4, 1.0, false),
    ]

    static let mobileBuilders =
        mobileSizes.map { size, width, depth, keepsEnds in
            var shape = Shape(width: width, depth: depth)
            (shape.isMobile, shape.keepsEnds) = (true, keepsEnds)
            return EncoderBuilder(
                modality: .image, name: "mobilenetv2_\(size)", paper: "arXiv:1801.04381",
                layouts: { [shape] _ in [torchvisionMobile(shape)] },
                build: { [shape] source in
                    try source.config.expectPlainTimm()
                    return (try EfficientNet(source.scope, shape), try ImageFrontEnd(source))
                })
        } + [
            EncoderBuilder(
                modality: .image, name: "mobilenet_v2", paper: "arXiv:1801.04381",
                layouts: { [huggingFaceMobile(try statedMobile($0))] },
                build: { (try EfficientNet($0.scope, statedMobile($0.config)), try ImageFrontEnd($0)) }
            )
            .usually("google/mobilenet_v2_1.0_224", licence: "Apache-2.0", config: #"{"image_size": 224}"#)
        ]

    /// The shape that Transformers' `config.json` states; the published weights come from TensorFlow.
    private static func statedMobile(_ config: JSONObject) throws -> Shape {
        var shape = Shape(width: try config.double("depth_multiplier", 1), depth: 1)
        shape.isMobile = true
        shape.isTensorFlow = try config.bool("tf_padding", true)
        shape.epsilon = try config.positive("layer_norm_eps", 1e-3)
        try config.expect("hidden_act", "relu6")
        try config.expect("first_layer_is_expansion", true)
        for (name, value) in [("num_channels", 3), ("depth_divisible_by", 8), ("min_depth", 8), ("output_stride", 32)] {
            let found = try config.int(name, value)
            guard found == value else { throw config.fault("\(name) is \(found); this version has \(value)") }
        }
        guard try config.double("expand_ratio", 6) == 6 else { throw config.fault("expand_ratio must be 6 in this version") }
        guard (0.1...4).contains(shape.width) else { throw config.fault("depth_multiplier must lie in 0.1 ... 4") }
        guard try shape.width >= 1 || config.bool("finegrained_output", true) else {
            throw config.fault("finegrained_output is false: this version has heads of 1280 channels at least")
        }
        return shape
    }

    /// The names torchvision gives the parameters: stem, blocks and head are one list, and a block's layers are numbered.
    private static func torchvisionMobile(_ shape: Shape) -> KeyMap {
        var renamed = [("features.0.0.", "conv_stem."), ("features.0.1.", "bn1.")]
        var number = 1
        for (stage, row) in rows(shape).enumerated() {
            for (index, block) in row.enumerated() {
                let (from, to) = ("features.\(number).conv.", "blocks.\(stage).\(index).")
                let expands = block.expanded != nil
                if expands { renamed += [("\(from)0.0.", "\(to)conv_pw."), ("\(from)0.1.", "\(to)bn1.")] }
                let place = expands ? 1 : 0
                renamed += [
                    ("\(from)\(place).0.", "\(to)conv_dw."), ("\(from)\(place).1.", "\(to)bn\(place + 1)."),
                    ("\(from)\(place + 1).", "\(to)\(expands ? "conv_pwl" : "conv_pw")."),
                    ("\(from)\(place + 2).", "\(to)bn\(place + 2)."),
                ]
                number += 1
            }
        }
        renamed += [("features.\(number).0.", "conv_head."), ("features.\(number).1.", "bn2.")]
        return KeyMap(
            "torchvision", markers: ["features."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["classifier."])
    }

    /// The names Transformers gives the parameters: the first block stands in the stem, the others are one list.
    private static func huggingFaceMobile(_ shape: Shape) -> KeyMap {
        var renamed: [(String, String)] = []
        func add(_ from: String, _ conv: String, _ norm: String) {
            renamed += [("\(from).convolution.", "\(conv)."), ("\(from).normalization.", "\(norm).")]
        }
        add("conv_stem.first_conv", "conv_stem", "bn1")
        add("conv_stem.conv_3x3", "blocks.0.0.conv_dw", "blocks.0.0.bn1")
        add("conv_stem.reduce_1x1", "blocks.0.0.conv_pw", "blocks.0.0.bn2")
        var number = 0
        for (stage, row) in rows(shape).enumerated() where stage > 0 {
            for index in row.indices {
                let (from, to) = ("layer.\(number).", "blocks.\(stage).\(index).")
                add("\(from)expand_1x1", "\(to)conv_pw", "\(to)bn1")
                add("\(from)conv_3x3", "\(to)conv_dw", "\(to)bn2")
                add("\(from)reduce_1x1", "\(to)conv_pwl", "\(to)bn3")
                number += 1
            }
        }
        add("conv_1x1", "conv_head", "bn2")
        return KeyMap.huggingFace(prefix: "mobilenet_v2.", marker: "conv_stem.first_conv.", renamed, dropped: ["classifier."])
    }
}
