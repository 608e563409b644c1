/// Braid's own version: the one place that has it.
public enum Version {
    /// The version, as semantic versioning writes it: MAJOR.MINOR.PATCH.
    public static let current = "0.1.0"
}
