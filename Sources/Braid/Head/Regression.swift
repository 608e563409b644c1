public import Torch

extension TaskKind {
    /// A number.
    public static let regression = TaskKind("regression", Regression.self)
}

/// A number. It is learnt standardised by the train split, and answered in the label's own unit.
public struct Regression: LearningTask {
    /// How a sample's error counts.
    public enum Loss: String, CaseIterable, Sendable {
        /// Its square.
        case mse
        /// Its size.
        case mae
        /// Its square near zero, its size beyond (Huber 1964).
        case huber
    }

    /// A label is a number.
    public static let form = LabelForm.number
    private let loss: Loss

    /// The task with the loss given.
    public init(_ loss: Loss = .mse) { self.loss = loss }

    /// Reads the loss.
    public init(_ reader: inout ConfigurationReader, at path: String) {
        loss = reader.choice("\(path).loss", .mse, "How an error of the standardised label counts.")
    }

    /// None: the cell holds a number.
    public func names(in text: String) throws(TargetError) -> [String] {
        _ = try Self.number(text)
        return []
    }

    /// The mean and the standard deviation of the train split.
    public func learn(_ labels: [String]) throws(TargetError) -> Target.Scale {
        var numbers: [Double] = []
        for label in labels { numbers.append(try Self.number(label)) }
        let mean = numbers.reduce(0, +) / Double(max(1, numbers.count))
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, numbers.count))
        guard variance > 0 else { throw .lacking("the labels of the train split do not differ") }
        return Target.Scale(mean: mean, deviation: variance.squareRoot())
    }

    private static func number(_ text: String) throws(TargetError) -> Double {
        guard let number = Double(text), number.isFinite else { throw .notANumber(text) }
        // Predictions are of single precision, which ends at 3e38.
        guard abs(number) <= 1e30 else {
            throw .lacking("\(text) is beyond what can be learnt; expected a number from -1e30 to 1e30")
        }
        return number
    }

    /// One.
    public func outputs(_ scale: Target.Scale) -> Int { 1 }

    /// The number.
    public func value(of text: String, _ scale: Target.Scale) throws(TargetError) -> LabelValue { .number(try Self.number(text)) }

    /// Standardised numbers, float32 `[N, 1]`.
    public func tensor(_ labels: LabelledValues) throws -> Tensor {
        let scale = labels.target.scale
        return try Tensor(labels.numbers.map { Float(($0 - scale.mean) / scale.deviation) }, shape: [labels.count, 1])
    }

    /// The loss asked for.
    public func loss(_ logits: Tensor, _ values: Tensor, balance: OutputBalance?) throws -> Tensor {
        try plainLoss(logits, values)
    }

    /// The loss asked for: there is nothing to leave out of it.
    public func plainLoss(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        switch loss {
        case .mse: try logits.squaredErrorPerElement(values).squeezed(1)
        case .mae: try logits.absoluteErrorPerElement(values).squeezed(1)
        case .huber: try logits.huberPerElement(values).squeezed(1)
        }
    }

    /// The number in the label's own unit.
    public func answers(_ logits: Tensor, _ scale: Target.Scale) throws -> Tensor {
        try logits.scaled(by: scale.deviation).adding(scale.mean)
    }

    /// Not that of the absolute error, at zero.
    public var isSmooth: Bool { loss != .mae }

    /// 1 / (1 + squared error).
    public func likelihood(_ logits: Tensor, _ values: Tensor) throws -> Tensor {
        try (logits - values).power(2).adding(1).power(-1).squeezed(1)
    }
}
