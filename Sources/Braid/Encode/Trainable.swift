/// How much of an encoder is trained.
public enum Trainable: Sendable, Equatable {
    /// Nothing: the encoder is frozen.
    case none
    /// The last so many blocks, counted from the output.
    case last(Int)
    /// All of it.
    case all

    init?(_ text: String) {
        switch text {
        case "none": self = .none
        case "all": self = .all
        default:
            guard text.hasPrefix("last:"), let count = Int(text.dropFirst(5)), count >= 1 else { return nil }
            self = .last(count)
        }
    }

    var text: String {
        switch self {
        case .none: "none"
        case .last(let count): "last:\(count)"
        case .all: "all"
        }
    }
}
