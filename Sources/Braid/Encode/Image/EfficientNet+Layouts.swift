internal import Torch

extension EfficientNet {
    /// The names torchvision gives the parameters: blocks of stage n lie under `features.n`, and their layers are numbered.
    static func torchvision(_ shape: Shape) -> KeyMap {
        var renamed = [
            ("features.0.0.", "conv_stem."), ("features.0.1.", "bn1."), ("features.8.0.", "conv_head."), ("features.8.1.", "bn2."),
        ]
        for (stage, row) in rows(shape).enumerated() {
            for (index, block) in row.enumerated() {
                let from = "features.\(stage + 1).\(index).block."
                renamed += InvertedResidual.torchvision(block, from: from, to: "blocks.\(stage).\(index).")
            }
        }
        return KeyMap(
            "torchvision", markers: ["features."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["classifier."])
    }

    /// The names Transformers gives the parameters: all blocks are one list.
    static func huggingFace(_ shape: Shape) -> KeyMap {
        var renamed = [
            ("embeddings.convolution.", "conv_stem."), ("embeddings.batchnorm.", "bn1."), ("encoder.top_conv.", "conv_head."),
            ("encoder.top_bn.", "bn2."),
        ]
        var number = 0
        for (stage, row) in rows(shape).enumerated() {
            for (index, block) in row.enumerated() {
                let (from, to) = ("encoder.blocks.\(number).", "blocks.\(stage).\(index).")
                let separable = block.expanded == nil
                renamed += [
                    ("\(from)expansion.expand_conv.", "\(to)conv_pw."), ("\(from)expansion.expand_bn.", "\(to)bn1."),
                    ("\(from)depthwise_conv.depthwise_conv.", "\(to)conv_dw."),
                    ("\(from)depthwise_conv.depthwise_norm.", "\(to)\(separable ? "bn1" : "bn2")."),
                    ("\(from)squeeze_excite.reduce.", "\(to)se.conv_reduce."),
                    ("\(from)squeeze_excite.expand.", "\(to)se.conv_expand."),
                    ("\(from)projection.project_conv.", "\(to)\(separable ? "conv_pw" : "conv_pwl")."),
                    ("\(from)projection.project_bn.", "\(to)\(separable ? "bn2" : "bn3")."),
                ]
                number += 1
            }
        }
        return KeyMap.huggingFace(prefix: "efficientnet.", marker: "embeddings.", renamed, dropped: ["classifier."])
    }
}

extension EfficientNet {
    /// What the layout of efficientnet-pytorch, by Luke Melas-Kyriazi, and its descendants is called.
    static let lukeMelasLayout = "efficientnet-pytorch"

    /// The names efficientnet-pytorch and efficientnet-lite-pytorch give the parameters: all blocks are one list.
    static func lukeMelas(_ shape: Shape) -> KeyMap {
        var renamed = [("_conv_stem.", "conv_stem."), ("_bn0.", "bn1."), ("_conv_head.", "conv_head."), ("_bn1.", "bn2.")]
        var number = 0
        for (stage, row) in rows(shape).enumerated() {
            for (index, block) in row.enumerated() {
                let (from, to) = ("_blocks.\(number).", "blocks.\(stage).\(index).")
                let separable = block.expanded == nil
                renamed += [
                    ("\(from)_expand_conv.", "\(to)conv_pw."), ("\(from)_bn0.", "\(to)bn1."),
                    ("\(from)_depthwise_conv.", "\(to)conv_dw."), ("\(from)_bn1.", "\(to)\(separable ? "bn1" : "bn2")."),
                    ("\(from)_se_reduce.", "\(to)se.conv_reduce."), ("\(from)_se_expand.", "\(to)se.conv_expand."),
                    ("\(from)_project_conv.", "\(to)\(separable ? "conv_pw" : "conv_pwl")."),
                    ("\(from)_bn2.", "\(to)\(separable ? "bn2" : "bn3")."),
                ]
                number += 1
            }
        }
        return KeyMap(
            lukeMelasLayout, markers: ["_conv_stem."], renamed: renamed.map { (from: $0.0, to: $0.1) }, dropped: ["_fc."])
    }
}

extension InvertedResidual {
    /// torchvision numbers the layers of a block: expansion, if any, depthwise, squeeze, if any, projection.
    static func torchvision(_ block: InvertedResidualShape, from: String, to: String) -> [(String, String)] {
        var renamed: [(String, String)] = []
        var layer = 0
        var norm = 1
        func add(_ name: String) {
            renamed += [("\(from)\(layer).0.", "\(to)\(name)."), ("\(from)\(layer).1.", "\(to)bn\(norm).")]
            (layer, norm) = (layer + 1, norm + 1)
        }
        if block.expanded != nil { add("conv_pw") }
        add("conv_dw")
        if block.squeezed != nil {
            renamed += [("\(from)\(layer).fc1.", "\(to)se.conv_reduce."), ("\(from)\(layer).fc2.", "\(to)se.conv_expand.")]
            layer += 1
        }
        add(block.expanded == nil ? "conv_pw" : "conv_pwl")
        return renamed
    }
}
