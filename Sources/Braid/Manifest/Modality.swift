/// A kind of input: the order of the cases is the order of columns, embeddings and tables everywhere.
public enum Modality: String, CaseIterable, Sendable, Comparable, CodingKeyRepresentable, Codable {
    /// A picture.
    case image
    /// A text, in the manifest itself or in a file.
    case text
    /// A recording, or a stretch of one.
    case audio

    /// Whether `left` comes first in the order of the cases.
    public static func < (left: Modality, right: Modality) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .image: 0
        case .text: 1
        case .audio: 2
        }
    }
}

/// What a sample is used for.
public enum Split: String, CaseIterable, Sendable, Codable {
    /// Weights are learnt from it.
    case train
    /// The best epoch is chosen on it, and probabilities are calibrated on it.
    case val
    /// The figures that are reported are of it, and nothing is chosen on it.
    case test
}
