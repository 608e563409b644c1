internal import Torch

/// The data of a training, by split.
struct SplitData {
    let train: BatchSource
    let val: BatchSource
    let test: BatchSource?
    let skipped: [BadSample]
    private let all: BatchSource
    /// The numbers of the samples of train and val.
    private let learntFrom: [Int]

    /// - Throws: `BraidError` where a split that training needs has no sample.
    init(_ all: BatchSource) throws {
        func part(_ split: Split) -> [Int] { all.samples.indices.filter { all.samples[$0].split == split } }
        try self.init(all, train: part(.train), val: part(.val), test: part(.test))
    }

    /// Splits by the numbers of samples.
    ///
    /// - Throws: `BraidError` where a split that training needs has no sample.
    init(_ all: BatchSource, train: [Int], val: [Int], test: [Int]) throws {
        guard !train.isEmpty else { throw BraidError(.badData, "the train split has no sample that can be used") }
        guard !val.isEmpty else {
            throw BraidError(.badData, "the val split has no sample; early stopping and the best checkpoint need one")
        }
        (self.train, self.val) = (try all.subset(train), try all.subset(val))
        self.test = test.isEmpty ? nil : try all.subset(test)
        (self.all, skipped, learntFrom) = (all, all.skipped, (train + val).sorted())
    }

    /// The samples of train and val together.
    func trainAndVal() throws -> BatchSource { try all.subset(learntFrom) }

    /// The samples that have any of `model`'s modalities, for that model, whose frozen encoders are the same.
    func `for`(_ model: FusionModel) throws -> SplitData {
        try SplitData(all.keeping(model.modalities, hasTokens: model.tokenBudget != nil))
    }
}
