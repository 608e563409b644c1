/// Braid's own version: the one place that has it.
public enum Version {
    public static let current = "0.1.0"
}
