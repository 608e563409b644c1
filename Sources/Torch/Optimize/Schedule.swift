internal import Foundation

/// How the learning rate goes over the steps of a training, as a factor on its configured value.
public enum Schedule: String, Sendable, CaseIterable {
    /// Always 1.
    case constant
    /// Half a cosine, which falls from 1 to 0.
    case cosine
    /// A straight line from 1 to 0.
    case linear
    /// A tenth of the factor before, after each 30 % of the steps.
    case step

    /// The factor at `step` of `total`, steps counted from 0. The first `warmup` steps rise linearly from 0.
    ///
    /// constant, cosine and linear are those of Transformers' `get_…_schedule_with_warmup`.
    public func factor(step: Int, of total: Int, warmup: Int) -> Double {
        if step < warmup { return Double(step) / Double(max(1, warmup)) }
        let progress = Double(step - warmup) / Double(max(1, total - warmup))
        switch self {
        case .constant: return 1
        case .cosine: return max(0, 0.5 * (1 + cos(.pi * progress)))
        case .linear: return max(0, 1 - progress)
        case .step: return pow(0.1, Double(step / max(1, total * 3 / 10)))
        }
    }
}
