/// How often a training writes down where it stands, besides after each epoch.
struct CheckpointSettings: Sendable {
    /// Steps between two checkpoints; 0: no matter how many.
    let steps: Int
    /// Minutes between two checkpoints; 0: no matter how many.
    let minutes: Double

    /// Reads the keys of `training.checkpoint`.
    init(_ reader: inout ConfigurationReader) {
        steps = reader.int(
            "training.checkpoint.steps", 0, 0...1_000_000_000,
            "Steps after which the last checkpoint is written anew within an epoch; 0: after epochs, and by minutes.")
        minutes = reader.double(
            "training.checkpoint.minutes", 10, 0...100_000,
            "Minutes after which the last checkpoint is written anew within an epoch; 0: after epochs, and by steps.")
    }

    /// Whether a checkpoint is due: so many steps of the epoch are done, and the last one was written at `last`.
    func isDue(steps done: Int, since last: ContinuousClock.Instant) -> Bool {
        if steps > 0 && done.isMultiple(of: steps) { return true }
        return minutes > 0 && ContinuousClock.now - last >= .seconds(60 * minutes)
    }
}
