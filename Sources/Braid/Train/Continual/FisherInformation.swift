internal import Torch

/// The diagonal of the empirical Fisher information: of each trained value the mean over samples of the squared gradient of minus the
/// log-likelihood of the sample's labels.
enum FisherInformation {
    /// Of a model's trained parameters, by path, over rows of its train split; of a row without a label for a head that head does not count.
    ///
    /// - Parameters:
    ///   - model: In use: nothing is dropped, and batch norms go by their running statistics.
    ///   - source: Where the rows are from.
    ///   - rows: Their numbers.
    static func diagonal(_ model: FusionModel, _ source: BatchSource, rows: [Int]) throws -> [(path: String, values: Tensor)] {
        let entries = model.trainedEntries.filter { $0.kind == .parameter }
        let labels = try model.targets.map { try LabelledValues(source.samples, $0, source.name) }
        let values = try labels.map { try $0.tensor().moved(to: model.parameters.device) }
        let known = rows.filter { row in labels.contains { $0.isKnown[row] } }
        let squares = try meanSquaredGradients(of: entries.map(\.tensor), count: known.count) { place in
            let row = known[place]
            let batch = try source.batch([row])
            let logits = try model(batch).logits
            let losses = try model.targets.indices.filter { labels[$0].isKnown[row] }.map { head in
                try model.targets[head].task.plainLoss(logits[head], values[head].rows(batch.rows)).sum()
                    .scaled(by: model.settings.heads[head].weight)
            }
            guard let sum = try Objective.sum(losses) else { throw BraidError(.internal, "a row without a label") }
            return sum
        }
        return zip(entries, squares).map { ($0.path, $1) }
    }

    /// The mean over `count` losses of their squared gradients by each tensor, in its shape. Gradients of before are cleared.
    ///
    /// - Parameters:
    ///   - tensors: By what is derived; those that a loss does not depend on get nothing from it.
    ///   - count: How many losses there are.
    ///   - loss: The loss of a number, a scalar.
    static func meanSquaredGradients(of tensors: [Tensor], count: Int, loss: (Int) throws -> Tensor) throws -> [Tensor] {
        let sums = try tensors.map { try Tensor.zeros($0.shape).moved(to: $0.device) }
        for number in 0..<count {
            for tensor in tensors { try tensor.clearGradient() }
            try withGradient { try loss(number).backward() }
            try withoutGradient {
                for (tensor, sum) in zip(tensors, sums) {
                    if let gradient = try tensor.gradient() { try sum.addInPlace(gradient.power(2)) }
                }
            }
        }
        for tensor in tensors { try tensor.clearGradient() }
        return try sums.map { try $0.scaled(by: 1 / Double(max(1, count))) }
    }
}
