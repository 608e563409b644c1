internal import Torch

/// Rows that a model keeps of its training, as many as there were.
final class KeptRows {
    private let scope: Scope
    private let name: String
    private let width: Int
    /// `[N, width]`; no row before there is a fit.
    private(set) var rows: Tensor

    /// More rows than these make a model that is large and slow.
    static let most = 20_000

    init(_ scope: Scope, _ name: String, width: Int) throws {
        (self.scope, self.name, self.width) = (scope, name, width)
        let kept = scope.shape(of: name)?.first ?? 0
        rows = try scope.buffer(name, [kept, width], .constant(0))
    }

    /// Keeps these, `[N, width]`; nil: none.
    func keep(_ found: Tensor?) throws {
        rows = try scope.replace(name, with: found ?? .zeros([0, width]))
    }

    /// The numbers of the rows that count.
    ///
    /// - Throws: `BraidError` where they are too many to be kept.
    static func chosen(_ rows: ViewRows, by classifier: String) throws -> [Int] {
        let chosen = rows.weights.indices.filter { rows.weights[$0] > 0 }
        guard chosen.count <= most else {
            throw BraidError(
                .badData,
                "fusion.classifier: \(classifier) keeps every row it learns from: \(chosen.count) are more than \(most); take ridge, lda or logistic"
            )
        }
        return chosen
    }
}
