// After MissBench (Pham et al. 2026, arXiv:2603.09874), whose Modality Learning Index compares the gradients of modalities' modules in training. The
// paper's abstract was at hand, not its formula: what is computed here is said in docs/transfer-drift.md, and is ours.
public import Foundation

/// How evenly a training's gradients fell on its modalities.
public struct ModalityLearning: Sendable, Codable {
    /// The mean over the epochs of the standard deviation of modalities' gradient norms over their mean: 0 where all learn as much, and at
    /// most the square root of one less than there are modalities, where a single one learns.
    public let index: Double
    /// The mean over the epochs of each modality's gradient norm, by its name.
    public let norms: [String: Double]
    /// How many epochs it is of.
    public let epochs: Int

    private static let prefix = "gradient_norm/"

    /// - Parameter history: Every epoch's record.
    /// - Returns: nil where they hold no gradient norms: of a fusion that is fitted at once, with `training.monitor: false`, or of a single
    ///   modality.
    public init?(_ history: [EpochRecord]) {
        let rows = history.map { record in record.figures.filter { $0.key.hasPrefix(Self.prefix) } }.filter { $0.count > 1 }
        let indices = rows.compactMap { Self.unevenness(Array($0.values)) }
        guard !indices.isEmpty, let names = rows.last?.keys else { return nil }
        index = indices.reduce(0, +) / Double(indices.count)
        norms = Dictionary(
            uniqueKeysWithValues: names.map { name in
                let values = rows.compactMap { $0[name] }
                return (String(name.dropFirst(Self.prefix.count)), values.reduce(0, +) / Double(max(1, values.count)))
            })
        epochs = indices.count
    }

    /// The standard deviation over the mean; nil where all are zero.
    static func unevenness(_ values: [Double]) -> Double? {
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        guard mean > 0, mean.isFinite else { return nil }
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot() / mean
    }

    /// What the training in a run's folder recorded; nil where the folder is none, or it recorded no gradient norms.
    ///
    /// - Parameter folder: A run's folder.
    public init?(run folder: URL) {
        self.init((try? RunFolder(folder).readHistory()) ?? [])
    }

    /// A sentence.
    public var sentence: String {
        let parts = norms.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.3g", $0.value))" }.joined(separator: ", ")
        return
            "Modality learning (MLI): \(String(format: "%.3f", index)) over \(counted(epochs, "epoch")) (0: all learn as much; mean gradient norms: \(parts))."
    }
}
