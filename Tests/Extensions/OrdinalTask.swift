import Braid
import Torch

/// Classes in an order: an output a threshold says whether the class lies above it (Frank and Hall 2001).
struct OrdinalTask: LearningTask {
    static let form = LabelForm.classes
    private let order: [String]

    init(_ reader: inout ConfigurationReader, at path: String) {
        order = reader.strings("\(path).order", "The classes from the lowest to the highest. Default: by the alphabet.")
    }

    func names(in text: String) -> [String] { [text] }

    func learn(_ labels: [String]) throws(TargetError) -> Target.Scale {
        let classes = order.isEmpty ? Set(labels).sorted() : order
        guard classes.count >= 2 else { throw .fewClasses(classes.count) }
        return Target.Scale(classes: classes)
    }

    func outputs(_ scale: Target.Scale) -> Int { scale.classes.count - 1 }

    func value(of text: String, _ scale: Target.Scale) throws(TargetError) -> LabelValue { .index(try scale.index(of: text)) }

    /// 1 where the class lies above a threshold, `[N, K - 1]`.
    func tensor(_ labels: LabelledValues) throws -> Tensor {
        let thresholds = outputs(labels.target.scale)
        let flags = labels.indices.flatMap { index in (0..<thresholds).map { Float(index > $0 ? 1 : 0) } }
        return try Tensor(flags, shape: [labels.count, thresholds])
    }

    func loss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor { try plainLoss(logits, values) }

    func plainLoss(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try logits.binaryCrossEntropyPerElement(values).mean([1])
    }

    /// What lies above one threshold and not above the next, `[N, K]`.
    func answers(_ logits: Tensor, _ scale: Target.Scale) throws -> Tensor {
        let above = try logits.sigmoid()
        let rows = above.shape[0]
        let all = try Tensor.concatenate([.ones([rows, 1]), above, .zeros([rows, 1])], 1)
        let shares = try (all.slice(1, 0..<scale.classes.count) - all.slice(1, 1..<scale.classes.count + 1)).clamped(atLeast: 0)
        return try shares / shares.sum([1]).unsqueezed(1)
    }

    func likelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor { try plainLoss(logits, values).scaled(by: -1).exp() }

    static let kind = TaskKind("ordinal", OrdinalTask.self)
}
