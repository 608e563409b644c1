internal import Torch

/// The data of a training, by split.
struct SplitData {
    let train: Dataset
    let val: Dataset
    let test: Dataset?
    let skipped: [BadSample]

    /// - Throws: `BraidError` where a split that training needs has no sample.
    init(_ all: Dataset) throws {
        func part(_ split: Split) throws -> Dataset? {
            let indices = all.samples.indices.filter { all.samples[$0].split == split }
            return indices.isEmpty ? nil : try all.subset(indices)
        }
        guard let train = try part(.train) else { throw BraidError(.badData, "the train split has no sample that can be used") }
        guard let val = try part(.val) else {
            throw BraidError(.badData, "the val split has no sample; early stopping and the best checkpoint need one")
        }
        (self.train, self.val, test, skipped) = (train, val, try part(.test), all.skipped)
    }

    private init(train: Dataset, val: Dataset, test: Dataset?) {
        (self.train, self.val, self.test, skipped) = (train, val, test, [])
    }

    /// The samples that have any of another model's modalities, for that model, whose frozen encoders are the same.
    func `for`(_ model: FusionModel) throws -> SplitData {
        func part(_ dataset: Dataset) throws -> Dataset {
            let kept = dataset.samples.indices.filter { index in model.modalities.contains(where: dataset.samples[index].has) }
            return Dataset(kept.count < dataset.samples.count ? try dataset.subset(kept) : dataset, for: model)
        }
        return SplitData(train: try part(train), val: try part(val), test: try test.map(part))
    }
}
