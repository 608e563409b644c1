/// What the augmentations of a training's step are drawn by: nothing else, so that a resumed run draws the same.
public struct TrainingDraw: Sendable {
    /// The training's.
    public let seed: Int
    /// From 0.
    public let epoch: Int
    /// The step's number in its epoch.
    public let batch: Int
    /// How batches are mixed; nil: not at all.
    public let mixing: MixingSettings?

    /// Makes one from its parts.
    public init(seed: Int, epoch: Int, batch: Int = 0, mixing: MixingSettings? = nil) {
        (self.seed, self.epoch, self.batch, self.mixing) = (seed, epoch, batch, mixing)
    }

    /// What is mixed with what, of samples that may be seen as `presence` says.
    func mixed(_ presence: [[Bool]]) -> BatchMixing? {
        var draws = Draws("\(seed) \(epoch) batch \(batch)")
        return mixing?.drawn(presence, &draws)
    }
}
