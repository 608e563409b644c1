extension Configuration {
    /// The keys of `fusion`.
    static func fusion(_ reader: inout ConfigurationReader, modalities: Int) -> Fusion {
        let type = reader.choice("fusion.type", FusionKind.concat, "How modalities are fused; docs/fusions.md has the formulas.")
        let isDeep = type == .crossAttention || type == .bottleneck || type == .film
        let fusion = Fusion(
            type: type,
            dimension: reader.int("fusion.dim", 256, 1...65536, "Size of each modality's projection and of the fused embedding."),
            layers: reader.int(
                "fusion.layers", type.standardLayers, 1...100,
                "Blocks of cross-attention, bottleneck and film (default 2); mixing layers of concat (default 1).",
                records: isDeep || type == .concat),
            heads: reader.int("fusion.heads", 4, 1...1024, "Attention heads; must divide dim.", records: type.takesTokens),
            rank: reader.int("fusion.rank", 4, 1...4096, "Rank of the low-rank tensor.", records: type == .lowRank),
            bottlenecks: reader.int(
                "fusion.bottlenecks", 4, 1...4096, "Shared tokens of bottleneck.", records: type == .bottleneck),
            tokens: reader.int(
                "fusion.tokens", 16, 1...4096,
                "The most tokens of a modality and sample that attention sees; longer sequences are averaged in as many equal stretches.",
                records: type.takesTokens),
            dropout: reader.double("fusion.dropout", 0.1, 0...0.95, "Dropout in the fusion."),
            modalityDropout: reader.double(
                "fusion.modality_dropout", 0.2, 0...0.95,
                "Chance that a modality of a training sample is hidden; one always stays.", records: modalities > 1))
        reader.refuse(
            "fusion.layers", unless: isDeep || type == .concat,
            "acts only with fusion.type: concat, film, cross-attention, bottleneck")
        reader.refuse("fusion.heads", unless: type.takesTokens, "acts only with fusion.type: cross-attention, bottleneck")
        reader.refuse("fusion.tokens", unless: type.takesTokens, "acts only with fusion.type: cross-attention, bottleneck")
        reader.refuse("fusion.rank", unless: type == .lowRank, "acts only with fusion.type: low-rank")
        reader.refuse("fusion.bottlenecks", unless: type == .bottleneck, "acts only with fusion.type: bottleneck")
        reader.refuse(
            "fusion.modality_dropout", unless: modalities != 1 || fusion.modalityDropout == 0,
            "acts only with two modalities or more; leave it out, or set it to 0")
        if type.takesTokens && !fusion.dimension.isMultiple(of: fusion.heads) {
            reader.fault("\(fusion.heads) heads do not divide fusion.dim, \(fusion.dimension)", "fusion.heads")
        }
        return fusion
    }

    /// The keys of `head`, or of each of `heads`.
    static func heads(_ reader: inout ConfigurationReader) -> [Head] {
        if reader.describesAll {
            return [
                head(&reader, "head", name: "label", isOneOfSeveral: false),
                head(&reader, "heads.*", name: "*", isOneOfSeveral: true),
            ]
        }
        let names = reader.names(under: "heads")
        guard !names.isEmpty else { return [head(&reader, "head", name: "label", isOneOfSeveral: false)] }
        if reader.has("head") { reader.fault("head and heads are both given; name all heads under heads", "heads") }
        for name in names where name.contains(where: { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-")) }) {
            reader.fault("a head's name is made of letters, digits, _ and -", "heads.\(name)")
        }
        let heads = names.map { head(&reader, "heads.\($0)", name: $0, isOneOfSeveral: true) }
        for (column, same) in Dictionary(grouping: heads, by: \.column) where same.count > 1 {
            reader.fault("\(same.map(\.name).joined(separator: " and ")) both read column \(column)", "heads")
        }
        return heads
    }

    private static func head(_ reader: inout ConfigurationReader, _ path: String, name: String, isOneOfSeveral: Bool) -> Head {
        let task = reader.choice("\(path).task", TaskKind.multiclass, "What is predicted.")
        let losses = LossKind.of(task)
        let loss = reader.choice(
            "\(path).loss", losses[0],
            "cross-entropy (default) or focal; for regression mse (default), mae or huber, of standardised labels.")
        var head = Head(
            name: name,
            task: task,
            hidden: reader.ints("\(path).hidden", [256], "Sizes of the head's hidden layers."),
            dropout: reader.double("\(path).dropout", 0.1, 0...0.95, "Dropout behind each hidden layer."),
            loss: loss,
            focalGamma: reader.double(
                "\(path).focal_gamma", 2, 0...20, "How much loss: focal plays down what is easy.", records: loss == .focal),
            labelSmoothing: reader.double(
                "\(path).label_smoothing", 0, 0...0.99, "Share of the target spread over all classes.",
                records: task.isClassification),
            classWeights: reader.choice(
                "\(path).class_weights", ClassWeights.none, "balanced: each class counts the same, as scikit-learn's class_weight.",
                records: task.isClassification),
            positive: reader.optionalString(
                "\(path).positive", "The positive class of a binary task. Default: the second in the alphabet."),
            calibration: reader.choice(
                "\(path).calibration", CalibrationKind.temperature,
                "temperature: probabilities are calibrated on the val split, for each subset of modalities by itself.",
                records: task.isClassification))
        if isOneOfSeveral {
            head.column =
                reader.optionalString("\(path).column", "The manifest's column with its labels. Default: the head's name.") ?? name
            head.weight = reader.double("\(path).weight", 1, 0...1000, "Weight of its loss in the sum.")
        }
        check(&reader, path, head)
        return head
    }

    private static func check(_ reader: inout ConfigurationReader, _ path: String, _ head: Head) {
        let losses = LossKind.of(head.task)
        if !losses.contains(head.loss) {
            reader.fault(
                "does not fit task \(head.task); expected one of \(losses.map(\.rawValue).joined(separator: ", "))", "\(path).loss")
        }
        reader.refuse("\(path).focal_gamma", unless: head.loss == .focal, "acts only with loss: focal")
        reader.refuse("\(path).positive", unless: head.task == .binary, "acts only with task: binary")
        for key in ["label_smoothing", "class_weights", "calibration"] {
            reader.refuse("\(path).\(key)", unless: head.task.isClassification, "does not act on regression")
        }
    }
}
