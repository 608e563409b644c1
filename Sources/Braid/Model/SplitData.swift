internal import Torch

/// The data of a training, by split.
struct SplitData {
    let train: BatchSource
    let val: BatchSource
    let test: BatchSource?
    let skipped: [BadSample]

    /// - Throws: `BraidError` where a split that training needs has no sample.
    init(_ all: BatchSource) throws {
        func part(_ split: Split) throws -> BatchSource? {
            let indices = all.samples.indices.filter { all.samples[$0].split == split }
            return indices.isEmpty ? nil : try all.subset(indices)
        }
        guard let train = try part(.train) else { throw BraidError(.badData, "the train split has no sample that can be used") }
        guard let val = try part(.val) else {
            throw BraidError(.badData, "the val split has no sample; early stopping and the best checkpoint need one")
        }
        (self.train, self.val, test, skipped) = (train, val, try part(.test), all.skipped)
    }

    private init(train: BatchSource, val: BatchSource, test: BatchSource?) {
        (self.train, self.val, self.test, skipped) = (train, val, test, [])
    }

    /// The samples that have any of `model`'s modalities, for that model, whose frozen encoders are the same.
    func `for`(_ model: FusionModel) throws -> SplitData {
        let part = { (source: BatchSource) in try source.keeping(model.modalities, hasTokens: model.tokenBudget != nil) }
        return SplitData(train: try part(train), val: try part(val), test: try test.map(part))
    }
}
