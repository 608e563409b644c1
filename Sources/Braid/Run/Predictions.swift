internal import Foundation
internal import Torch

/// What a model says of samples.
public struct Predictions: Sendable {
    public let labels: [String]
    public let samples: [Sample]
    /// The manifest's name, for errors.
    let source: String
    /// `[N][C]`, each row summing to 1.
    public let probabilities: [[Float]]
    /// The mean cross-entropy, where every sample has a label that the model knows; else nil.
    public let loss: Double?

    /// The likeliest class of each sample.
    public var predicted: [Int] {
        probabilities.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
    }

    /// Against the samples' labels.
    ///
    /// - Throws: `BraidError` where a sample has none, or one that the model does not know.
    public func confusion() throws -> ConfusionMatrix {
        let truth = try Predictions.targets(samples, labels, source)
        return ConfusionMatrix(labels: labels, truth: truth, predicted: predicted)
    }

    /// Labels as class numbers.
    static func targets(_ samples: [Sample], _ labels: [String], _ source: String) throws -> [Int] {
        let numbers = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        var faults: [Fault] = []
        let targets = samples.map { sample -> Int in
            guard let label = sample.label, let number = numbers[label] else {
                let message =
                    sample.label.map { "label \($0) is not among the model's: \(labels.joined(separator: ", "))" } ?? "has no label"
                faults.append(Fault(message, file: source, line: sample.line, field: "label"))
                return 0
            }
            return number
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        return targets
    }
}

extension FusionModel {
    /// Predicts `dataset`, `hiding` some modalities from the model.
    func predict(_ dataset: Dataset, hiding: Set<Modality> = [], batchSize: Int = 256) throws -> Predictions {
        var probabilities: [[Float]] = []
        var losses: [Double] = []
        let targets = try? Predictions.targets(dataset.samples, labels, dataset.source)
        try withoutGradient {
            for start in stride(from: 0, to: dataset.samples.count, by: batchSize) {
                let indices = Array(start..<min(start + batchSize, dataset.samples.count))
                let presence = indices.map { index in
                    zip(dataset.presence[index], modalities).map { $0 && !hiding.contains($1) }
                }
                let logits = try self(dataset.input(indices, presence: presence, mode: .evaluate)).logits
                let values: [Float] = try logits.softmax().array()
                for row in indices.indices { probabilities.append(Array(values[row * labels.count..<(row + 1) * labels.count])) }
                if let targets {
                    let classes = try Tensor(indices.map { Int64(targets[$0]) }, shape: [indices.count]).moved(to: logits.device)
                    losses.append(try logits.crossEntropy(classes).item() * Double(indices.count))
                }
            }
        }
        let loss = targets.map { _ in losses.reduce(0, +) / Double(max(1, dataset.samples.count)) }
        return Predictions(
            labels: labels, samples: dataset.samples, source: dataset.source, probabilities: probabilities, loss: loss)
    }
}
