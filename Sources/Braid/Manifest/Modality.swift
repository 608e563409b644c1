/// A kind of input: the order of the cases is the order of columns, embeddings and tables everywhere.
public enum Modality: String, CaseIterable, Sendable, Comparable, CodingKeyRepresentable, Codable {
    case image
    case text
    case audio

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
    case train
    case val
    case test
}
