/// What the whole model's weights call the numbers that turn cosines into logits.
public struct SharedSpaceKeys: Sendable {
    /// The logarithm of what cosines are multiplied by.
    public let scale: String
    /// What is added to that; nil where nothing is.
    public let offset: String?

    /// Names them.
    public init(scale: String, offset: String? = nil) { (self.scale, self.offset) = (scale, offset) }
}
