/// What a sample is used for.
public enum Split: String, CaseIterable, Sendable, Codable {
    /// To learn from.
    case train
    /// To choose the epoch, and to calibrate.
    case val
    /// To be judged on, once.
    case test
}
