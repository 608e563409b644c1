internal import Foundation

/// A figure of one recipe over test rows and seeds, with what rows and seeds leave uncertain.
public struct Estimate: Sendable, Codable, Equatable {
    /// The mean over the seeds.
    public let mean: Double
    /// Half the 95 % interval's width; nil where it cannot be told.
    public let halfWidth: Double?

    private enum CodingKeys: String, CodingKey {
        case mean
        case halfWidth = "half_width"
    }
}

extension Estimate {
    /// As people read it: `97.33 ± 1.94 %`, or in the metric's own unit.
    func text(_ metric: Metric) -> String {
        let (scale, digits) = metric.isShare ? (100.0, "%.2f") : (1, "%.4f")
        let half = halfWidth.map { " ± " + String(format: digits, scale * $0) } ?? ""
        return String(format: digits, scale * mean) + half + (metric.isShare ? " %" : "")
    }

    /// The figure of one recipe over seeds and rows; nil where the metric is undefined on them.
    init?(_ predictions: [HeadPredictions], _ metric: Metric) throws {
        let answers = try predictions.map { try $0.answers() }
        if let rows = answers.map({ metric.rows($0) }) as? [[Double]], rows.first?.isEmpty == false {
            let isWhole = rows.joined().allSatisfy { $0 == $0.rounded() && abs($0) <= 1 }
            let found = CrossedMean(rows, pseudo: isWhole ? [0, 1] : [])
            self.init(mean: found.mean, halfWidth: found.halfWidth)
        } else if let sample = Resampling(answers, metric) {
            self.init(mean: sample.mean, halfWidth: sample.halfWidth)
        } else {
            return nil
        }
    }
}
