internal import Foundation
internal import Torch

/// The penalty of a linear model, chosen by k-fold cross-validation from strong to weak, and what the folds say of the rows they hold out.
struct PenaltyPath {
    /// The chosen penalty: `1 / C` of scikit-learn.
    let penalty: Double
    /// Logits `[N, C]` of each row by a fit that has not seen it.
    let heldOut: Tensor
    /// The mean loss of the rows that are held out.
    let loss: Double
    /// The mean of the folds' fits, from which the fit of all rows begins.
    let start: LinearProblem.Point

    /// From 100,000 down to 0.001, two a decade.
    static let penalties = (0...16).map { pow(10, 5 - Double($0) / 2) }
    /// Of the mean loss, while penalties are compared.
    private static let tolerance = 1e-5

    /// A penalty that is taken where rows do not tell otherwise: of a few of them every penalty does about as well, and the least loss is chance; of
    /// many the preference is lost among them.
    struct Preference {
        /// What is preferred.
        let penalty: Double
        /// How many rows judge.
        let rows: Double

        /// In decades: at so many from the preferred penalty the cost is half of a row's loss.
        private static let width = 0.5

        /// What a penalty costs beside the mean loss of the rows.
        func cost(_ tried: Double) -> Double { pow(log10(tried / penalty) / Self.width, 2) / (2 * max(rows, 1)) }
    }

    /// - Parameters:
    ///   - problem: The fits of all folds.
    ///   - penalties: What is tried, from strong to weak.
    ///   - tolerance: Of the mean loss.
    ///   - preference: What counts beside the loss; nil: the loss alone decides.
    ///   - judge: The mean loss of logits `[N, C]` of the rows that are held out.
    init(
        _ problem: LinearProblem, penalties: [Double] = penalties, tolerance: Double = tolerance,
        _ preference: Preference? = nil,
        judge: (Tensor) throws -> Double
    ) throws {
        var point = try problem.start()
        var best: (penalty: Double, heldOut: Tensor, loss: Double, cost: Double, point: Tensor)?
        for penalty in penalties {
            point = try problem.solution(penalty: penalty, from: point, tolerance: tolerance)
            let heldOut = try problem.heldOut(point)
            let loss = try judge(heldOut)
            let cost = loss + (preference?.cost(penalty) ?? 0)
            // The weaker the penalty the longer the search: it ends at the first that is no better.
            guard cost < best?.cost ?? .infinity else { break }
            best = (penalty, heldOut, loss, cost, point)
        }
        guard let best else { throw BraidError(.badData, "no linear model of the embeddings has a finite loss") }
        (penalty, heldOut, loss) = (best.penalty, best.heldOut, best.loss)
        start = try problem.mean(best.point)
    }
}
