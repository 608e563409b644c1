internal import Foundation
internal import Torch

/// What lies between the weights that encoders began with and the fine-tuned ones.
public struct InterpolationRecord: Codable, Sendable {
    /// A place between them.
    public struct Point: Codable, Sendable {
        /// 0: where encoders began; 1: fine-tuned.
        public let alpha: Double
        /// What val says there; nil where the metric is undefined.
        public let val: Double?
        /// What test says there; nil where there is none. Nothing is chosen by it.
        public let test: Double?
    }

    /// The metric of the curve; with several heads behind the head's name.
    public let metric: String
    /// What the beginning is.
    public let start: String
    /// From 0 to 1.
    public let points: [Point]
    /// Where the model is.
    public let alpha: Double
    /// Whether val chose that, and not the configuration.
    public let isChosen: Bool

    private enum CodingKeys: String, CodingKey {
        case metric, start, points, alpha
        case isChosen = "chosen"
    }

    /// A sentence for the report.
    public var summary: String {
        let value = { (alpha: Double) -> String in
            points.first { $0.alpha == alpha }?.val.map { String(format: "%.4f", $0) } ?? "n/a"
        }
        let reason = isChosen ? "as val chose" : "as training.wise_ft says"
        return
            "WiSE-FT: the model is at alpha \(String(format: "%g", alpha)), \(reason), between \(start) (0) and the fine-tuned weights (1); val \(metric) \(value(0)) at 0, \(value(alpha)) there, \(value(1)) at 1."
    }
}

/// Interpolates linearly between the weights before any encoder was trained and the fine-tuned ones: WiSE-FT (Wortsman et al. 2021,
/// arXiv:2109.01903).
///
/// Heads that begin as a zero-shot classifier go along from the very beginning, as the paper's does. Else, where fusion and heads were trained
/// first, they are at their values behind that phase when encoders begin, and go along; where they were not, there are none that would fit the
/// pretrained encoders, and they stay as they are in the end. Running statistics of batch norms are interpolated with the weights. Of LoRA's two factors the first stays and the second is interpolated from 0, so
/// that what they add to a layer is.
struct WeightInterpolation {
    /// What the model begins as.
    enum Beginning {
        case zeroShot, trainedHeads, encodersAlone

        /// In the report's words.
        var name: String {
            switch self {
            case .zeroShot: "the zero-shot classifier"
            case .trainedHeads: "pretrained encoders with the fusion and heads that were trained on them"
            case .encodersAlone: "pretrained encoders with the final fusion and heads"
            }
        }
    }

    /// Where and how far, and the figure of the curve.
    let settings: TrainingSettings
    /// Holds the fine-tuned weights.
    let trainee: Trainee
    /// Holds those before any encoder was trained.
    let start: TrainingCheckpoint
    /// What that is.
    let beginning: Beginning

    /// Goes to the place that is asked for, or that val says is the best, and leaves the weights there.
    func callAsFunction(_ data: SplitData, to place: AveragingSettings.Interpolation) throws -> InterpolationRecord {
        let entries = trainee.entries
        let tuned = try entries.map { try $0.tensor.detached().cloned() }
        try start.readWeights(into: trainee)
        let first = try entries.enumerated().map { index, entry in
            stays(entry) ? tuned[index] : try entry.tensor.detached().cloned()
        }
        let go = { (alpha: Double) in
            try withoutGradient {
                for (index, entry) in entries.enumerated() {
                    let value = try (entry.tensor.dtype == .float32 ? first : tuned)[index].cloned()
                    if entry.tensor.dtype == .float32 { try value.lerpInPlace(towards: tuned[index], by: alpha) }
                    try entry.tensor.copyInPlace(from: value)
                }
            }
        }
        var alphas = (0...10).map { Double($0) / 10 }
        if case .share(let share) = place, !alphas.contains(share) { alphas = (alphas + [share]).sorted() }
        let points = try alphas.map { alpha in
            try go(alpha)
            return InterpolationRecord.Point(
                alpha: alpha, val: try settings.stoppingValue(trainee.model.predict(data.val)),
                test: try data.test.flatMap { try settings.stoppingValue(trainee.model.predict($0)) })
        }
        let alpha = if case .share(let share) = place { share } else { Self.best(points, settings.earlyStoppingMetric) }
        try go(alpha)
        return InterpolationRecord(
            metric: settings.stoppingName(trainee.model),
            start: beginning.name, points: points, alpha: alpha, isChosen: place == .chosen)
    }

    private func stays(_ entry: ParameterStore.Entry) -> Bool {
        if entry.role == .adapter { return entry.path.contains(".lora_A.") }
        return beginning == .encodersAlone && !entry.path.hasPrefix("encoders.")
    }

    /// The best on val; of several that are equally good the one nearest to the middle, which the paper found robust.
    static func best(_ points: [InterpolationRecord.Point], _ metric: Metric) -> Double {
        let known = points.filter { $0.val.map { !$0.isNaN } ?? false }
        let best = known.min { left, right in
            guard let ours = left.val, let theirs = right.val, ours != theirs else {
                return abs(left.alpha - 0.5) < abs(right.alpha - 0.5)
            }
            return metric.isBetter(ours, than: theirs)
        }
        return best?.alpha ?? 1
    }
}
