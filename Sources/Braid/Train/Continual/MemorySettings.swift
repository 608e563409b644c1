/// The keys of methods that remember samples: `training.continual.memory` and what goes with it.
struct MemorySettings: Sendable {
    /// Which samples are remembered.
    enum Filling: String, CaseIterable, Sendable {
        /// Each sample that was ever seen with the same chance (Vitter 1985).
        case reservoir
        /// Of each class those whose mean comes nearest to the class's (iCaRL; Rebuffi et al. 2017, arXiv:1611.07725).
        case herding
    }

    /// How many samples are remembered, at most.
    let memory: Int
    /// Which are.
    let fill: Filling
    /// Whether each class has the same share of the memory.
    let isBalanced: Bool
    /// How many of them are of val splits, and judge the next stages beside their own val rows.
    var judging: Int { Int(bounded: Double(memory) * valShare) }
    /// How many of them are of train splits, and are replayed.
    var replayed: Int { memory - judging }
    private let valShare: Double
    /// Remembered samples a new one, in each batch.
    let ratio: Double

    init(_ reader: inout ConfigurationReader, _ around: PluginKind.Surroundings) {
        let section = "training.continual."
        memory = reader.int(
            section + "memory", 500, 1...10_000_000,
            "How many samples of earlier stages are remembered, at most. Where all encoders are frozen their embeddings are, in the model's folder; else the paths of their media."
        )
        valShare = reader.double(
            section + "val_share", 0.1, 0...0.5,
            "How much of the memory is rows of val splits: later stages choose their best epoch, and calibrate, by these beside their own val rows; 0: none."
        )
        fill = reader.choice(
            section + "fill", .reservoir,
            "Which samples are remembered: reservoir, each that was ever seen with the same chance, or herding, of each class those whose mean comes nearest to the mean of the class."
        )
        let hasClasses = around.labels == .classes
        reader.refuse(
            section + "fill", unless: fill != .herding || hasClasses,
            "herding acts only where the first head's labels are classes that exclude each other")
        let canChoose = hasClasses && fill == .reservoir
        let asked = reader.acting(
            canChoose,
            else: hasClasses
                ? "acts only with training.continual.fill: reservoir; herding gives each class the same share"
                : "acts only where the first head's labels are classes that exclude each other"
        ) {
            $0.bool(
                section + "balanced", true,
                "Whether each class has the same share of the memory, as far as it has the samples; else as many as chance gives it."
            )
        }
        isBalanced = hasClasses && (fill == .herding || asked)
        ratio = reader.double(
            section + "ratio", 1, 0.01...100, "Remembered samples that each batch is mixed with, a sample of its own.")
    }
}
