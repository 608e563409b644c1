internal import Torch

/// The data of a training, by split.
struct SplitData {
    let train: BatchSource
    var val: BatchSource
    let test: BatchSource?
    let skipped: [BadSample]
    /// Samples of a target domain to adapt to, without labels; nil where there is none.
    var target: BatchSource?
    private let all: BatchSource
    /// The numbers of the samples of train and val.
    private let learntFrom: [Int]
    /// The numbers of each split's samples.
    private let numbers: (train: [Int], val: [Int], test: [Int])

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
        numbers = (train, val, test)
    }

    /// With other rows, by id, to learn from and to stop by; one may be both. The test split stays.
    ///
    /// - Throws: `BraidError` where one of them is empty.
    func taking(train: Set<String>, val: Set<String>) throws -> SplitData {
        let places = { (ids: Set<String>) in all.samples.indices.filter { ids.contains(all.samples[$0].id) } }
        return try SplitData(all, train: places(train), val: places(val), test: places(Set((test?.samples ?? []).map(\.id))))
    }

    /// With train and val together to learn from. Val stays what it is, and judges nothing any more.
    func joiningVal() throws -> SplitData {
        let rows = { (split: BatchSource?) in Set((split?.samples ?? []).map(\.id)) }
        let (val, test) = (rows(val), rows(test))
        let places = { (ids: Set<String>) in all.samples.indices.filter { ids.contains(all.samples[$0].id) } }
        var joined = try SplitData(all, train: learntFrom, val: places(val), test: places(test))
        joined.target = target
        return joined
    }

    /// The samples of train and val together.
    func trainAndVal() throws -> BatchSource { try all.subset(learntFrom) }

    /// With a fold of the train split in place of the test split, and the other folds to learn from.
    ///
    /// - Throws: `BraidError` where the train split has fewer groups than folds.
    func holdingOut(_ fold: Int, of count: Int, by stratum: String?, seed: Int) throws -> SplitData {
        let rows = { (split: Split) in all.samples.indices.filter { all.samples[$0].split == split } }
        let train = rows(.train)
        let folds = Folds(train.map { all.samples[$0] }, by: stratum, count: count, seed: seed)
        guard folds.count == count else {
            throw BraidError(.badData, "the train split has \(folds.count) groups and cannot be held out in \(count) folds")
        }
        let (held, rest) = folds.split(train, holdingOut: fold)
        return try SplitData(all, train: rest, val: rows(.val), test: held)
    }

    /// The samples that have any of `model`'s modalities, for that model, whose frozen encoders are the same.
    func `for`(_ model: FusionModel) throws -> SplitData {
        try SplitData(all.keeping(model.modalities, hasTokens: model.tokenBudget != nil))
    }
}

extension SplitData {
    /// The same samples with other embeddings of train and val, and the test split as it is.
    ///
    /// - Parameter change: Gets a modality, what is known of all samples, and the numbers of those to change.
    func replacingEmbeddings(
        _ change: (Modality, EmbeddingRows, _ learnt: [Int]) throws -> EmbeddingRows
    ) throws -> SplitData {
        var other = all.embeddings
        for (modality, rows) in all.embeddings { other[modality] = try change(modality, rows, learntFrom) }
        return try with(all.replacing(other), train: numbers.train)
    }

    /// With further samples to learn from, whose labels they have.
    func learningAlso(from more: BatchSource) throws -> SplitData {
        let count = all.samples.count
        return try with(all.joined(more), train: numbers.train + (count..<count + more.samples.count))
    }

    private func with(_ all: BatchSource, train: [Int]) throws -> SplitData {
        var changed = try SplitData(all, train: train, val: numbers.val, test: numbers.test)
        changed.target = target
        return changed
    }
}
