internal import Foundation
internal import Torch

/// Judges what fits say of rows they have not seen, whatever the scale they say it on.
///
/// Distances, votes of neighbours and regressions on classes are no logits: times a factor they are, and the factor of least held-out loss
/// is the temperature of Guo et al. 2017, arXiv:1706.04599.
struct HeldOutJudge {
    /// nil where there are too few rows.
    private let loss: RowLoss?
    private let count: Double
    private let isScaled: Bool

    /// The greatest factor, and the inverse of the least, as a logarithm.
    private static let bound = 4.0
    private static let steps = 24

    /// What a judgement came to.
    struct Verdict {
        /// What logits are to be multiplied by.
        let factor: Double
        /// The mean loss with it; nil where too few rows can be judged.
        let loss: Double?
    }

    /// - Parameter dtype: The precision of logits.
    init(_ rows: ViewRows, dtype: DType = .float64) throws {
        loss = rows.canJudge ? try RowLoss(rows.loss, samples: rows.samples, counts: rows.judged, dtype: dtype) : nil
        count = rows.judged.reduce(0, +)
        isScaled = rows.target.form != .number
    }

    /// Judges held-out logits `[N, C]`. Where no row can be judged they are taken as they are.
    func callAsFunction(_ logits: Tensor) throws -> Verdict {
        guard let loss else { return Verdict(factor: 1, loss: nil) }
        guard isScaled else { return Verdict(factor: 1, loss: try loss.mean(logits)) }
        // Logits that are never wrong would have no bound: a factor of e costs half of a row's loss, as votes do.
        let value = { (log: Double) in try loss.mean(logits.scaled(by: exp(log))) + log * log / (2 * count) }
        let best = try Self.least(from: -Self.bound, to: Self.bound, value)
        return Verdict(factor: exp(best), loss: try loss.mean(logits.scaled(by: exp(best))))
    }

    /// Where a function with one valley is least, by the golden section (Kiefer 1953).
    private static func least(from low: Double, to high: Double, _ value: (Double) throws -> Double) rethrows -> Double {
        let ratio = (5.0.squareRoot() - 1) / 2
        var (low, high) = (low, high)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (try value(left), try value(right))
        for _ in 0..<steps {
            if atLeft <= atRight {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = try value(left)
            } else {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = try value(right)
            }
        }
        return (low + high) / 2
    }

    /// Of several choices the one of least held-out loss, the first where none can be judged.
    ///
    /// - Parameter say: What fits without each fold say of its rows, `[N, C]`, with a choice.
    func best<Choice>(of choices: [Choice], _ say: (Choice) throws -> Tensor) throws -> (
        choice: Choice, heldOut: Tensor, verdict: Verdict
    ) {
        var best: (choice: Choice, heldOut: Tensor, verdict: Verdict)?
        for choice in loss == nil ? Array(choices.prefix(1)) : choices {
            let heldOut = try say(choice)
            let verdict = try self(heldOut)
            guard best == nil || verdict.loss ?? .infinity < best?.verdict.loss ?? .infinity else { continue }
            best = (choice, heldOut, verdict)
        }
        guard let best else { throw BraidError(.internal, "nothing to choose from") }
        return best
    }
}
