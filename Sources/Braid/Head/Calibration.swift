internal import Foundation

/// Temperatures that make probabilities honest: Guo et al. 2017, "On Calibration of Modern Neural Networks",
/// arXiv:1706.04599. One for each subset of modalities a sample can come with, since a model is as sure as it was with
/// all of them long after half of them are gone.
public struct Calibration: Sendable, Equatable {
    /// By head, and then by subset, its modalities joined with `+`. What is not there is 1.
    public private(set) var temperatures: [String: [String: Double]] = [:]

    /// None: every temperature is 1.
    public init() {}

    init(temperatures: [String: [String: Double]]) { self.temperatures = temperatures }

    /// The bounds of a temperature. Logits that separate the classes of the val split perfectly would want 0.
    static let range = 0.2...10.0
    /// What models may hold: earlier versions fitted within wider bounds.
    private static let read = 0.05...20.0
    /// Fewer rows than these say less of a subset of modalities than all rows do, each with what it has.
    static let fewest = 30

    func temperature(head: String, _ subset: [Modality]) -> Double { temperatures[head]?[Self.key(subset)] ?? 1 }

    mutating func set(_ temperature: Double, head: String, _ subset: [Modality]) {
        temperatures[head, default: [:]][Self.key(subset)] = temperature
    }

    static func key(_ subset: [Modality]) -> String { subset.map(\.rawValue).joined(separator: "+") }

    /// Whether every temperature is one that fitting can give.
    var isSound: Bool { temperatures.values.allSatisfy { $0.values.allSatisfy(Self.read.contains) } }
}

/// Fits one temperature.
enum TemperatureScaling {
    /// The temperature at which logits `[N][C]` have the least cross-entropy against classes `[N]`.
    static func fit(_ logits: [[Float]], classes: [Int]) -> Double {
        // In 1 / T the cross-entropy is convex; its slope is the mean of the expected logit less the true one.
        solve { inverse in
            zip(logits, classes).reduce(0) { sum, row in
                let top = row.0.max() ?? 0
                var (total, expected) = (0.0, 0.0)
                for value in row.0 {
                    let weight = exp(inverse * Double(value - top))
                    total += weight
                    expected += weight * Double(value)
                }
                return sum + expected / total - Double(row.0[row.1])
            }
        }
    }

    /// The same of independent outputs `[N][C]`, each against yes or no.
    static func fit(_ logits: [[Float]], flags: [[Bool]]) -> Double {
        solve { inverse in
            var sum = 0.0
            for (row, truth) in zip(logits, flags) {
                for (value, isTrue) in zip(row, truth) {
                    let probability = 1 / (1 + exp(-inverse * Double(value)))
                    sum += (probability - (isTrue ? 1 : 0)) * Double(value)
                }
            }
            return sum
        }
    }

    /// Draws temperatures to 1: `penalty * log(T)²` is added to the summed cross-entropy, as much as a row or two say. It vanishes as rows
    /// grow, and keeps a handful of rows that happen to be right from calling the model certain.
    private static let penalty = 1.0

    /// The temperature where a rising `slope` of its inverse, with the penalty's, crosses zero, by bisection on the logarithm.
    private static func solve(_ slope: (Double) -> Double) -> Double {
        func penalised(_ logarithm: Double) -> Double { exp(-logarithm) * slope(exp(-logarithm)) - 2 * penalty * logarithm }
        var (low, high) = (log(Calibration.range.lowerBound), log(Calibration.range.upperBound))
        if penalised(low) <= 0 { return Calibration.range.lowerBound }
        if penalised(high) >= 0 { return Calibration.range.upperBound }
        for _ in 0..<50 {
            let middle = (low + high) / 2
            if penalised(middle) > 0 { low = middle } else { high = middle }
        }
        return exp((low + high) / 2)
    }
}
