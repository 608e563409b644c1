/// Which training of a chain made a model: each began with the model of the one before (`braid train --init-from`).
public struct Lineage: Sendable, Codable, Equatable {
    /// The number of the training in its chain, from 1, which began with no earlier model.
    public let stage: Int
    /// The fingerprint of the model that the training began with.
    public let parent: String
    /// SHA-256 of the manifest of each stage, the model's own last.
    public let manifests: [String]

    /// Makes one from its parts.
    public init(stage: Int, parent: String, manifests: [String]) {
        (self.stage, self.parent, self.manifests) = (stage, parent, manifests)
    }

    /// Whether a training can have written it.
    var isSound: Bool { stage > 1 && manifests.count == stage }
}
