public import Foundation
public import Torch

/// The augmentations of one modality, ready to be applied.
public struct Augmenter: Sendable {
    let modality: Modality
    fileprivate let changes: [(name: String, change: Augmentation.Change)]

    /// Makes ready what a recipe asks for; paths in it start from `base`.
    ///
    /// - Throws: `BraidError` where files that it needs are not there.
    public init(_ recipe: AugmentationRecipe, _ modality: Modality, relativeTo base: URL) throws {
        self.modality = modality
        changes = try recipe.all.map { ($0.name, try $0.make(base)) }
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { changes.isEmpty }

    /// - Throws: `BraidError` that names an augmentation of a stage that is not among `stages`: those of a front end.
    func check(_ stages: Set<Augmentation.Stage>, of architecture: String) throws {
        guard let other = changes.first(where: { !stages.contains($0.change.stage) }) else { return }
        throw BraidError(
            .badConfiguration,
            "modalities.\(modality).augment: \(other.name) changes the \(other.change.stage), which the front end of \(architecture) does not let be changed; leave it out"
        )
    }

    /// What is drawn for a sample in an epoch: the same whenever it is asked for, and by whom.
    ///
    /// - Parameters:
    ///   - seed: The training's.
    ///   - epoch: From 0.
    ///   - sample: The sample's id.
    public func drawn(seed: Int, epoch: Int, sample: String) -> DrawnAugmentation {
        DrawnAugmentation(changes, key: "\(seed) \(epoch) \(modality) \(sample)")
    }
}

/// What is done to one sample's medium: a front end asks it at each stage of its work, in whatever order.
public struct DrawnAugmentation: Sendable {
    private let changes: [(name: String, change: Augmentation.Change)]
    private let key: String

    fileprivate init(_ changes: [(name: String, change: Augmentation.Change)], key: String) {
        (self.changes, self.key) = (changes, key)
    }

    /// The same for every sample: what `changes` do with what the text `key` draws.
    init(_ changes: [Augmentation.Change], key: String) {
        self.init(changes.enumerated().map { ("\($0)", $1) }, key: key)
    }

    private func draws(_ name: String) -> Draws { Draws("\(key) \(name)") }

    /// The part of a picture of this size that is shown; nil where the front end's own crop stays.
    ///
    /// - Throws: What a change throws.
    public func region(height: Int, width: Int) throws -> Image.Region? {
        for case (let name, .region(let choose)) in changes {
            var draws = draws(name)
            return try choose(height, width, &draws)
        }
        return nil
    }

    /// The picture as it is shown.
    ///
    /// - Throws: What a change throws.
    public func picture(_ picture: Image) throws -> Image {
        var result = picture
        for case (let name, .picture(let change)) in changes {
            var draws = draws(name)
            result = try change(result, &draws)
        }
        return result
    }

    /// A recording's samples as they are heard, at `rate` hertz.
    ///
    /// - Throws: What a change throws.
    public func sound(_ samples: [Float], rate: Int) throws -> [Float] {
        var result = samples
        for case (let name, .sound(let change)) in changes {
            var draws = draws(name)
            result = try change(result, rate, &draws)
        }
        return result
    }

    /// The text as it is read.
    ///
    /// - Throws: What a change throws.
    public func text(_ text: String) throws -> String {
        var result = text
        for case (let name, .text(let change)) in changes {
            var draws = draws(name)
            result = try change(result, &draws)
        }
        return result
    }

    /// A text's own token ids as they are read.
    ///
    /// - Throws: What a change throws.
    public func tokens(_ ids: [Int32]) throws -> [Int32] {
        var result = ids
        for case (let name, .tokens(let change)) in changes {
            var draws = draws(name)
            result = try change(result, &draws)
        }
        return result
    }

    /// What a front end has prepared, as the encoder takes it.
    ///
    /// - Throws: What a change throws.
    public func prepared(_ prepared: Tensor) throws -> Tensor {
        var result = prepared
        for case (let name, .prepared(let change)) in changes {
            var draws = draws(name)
            result = try change(result, &draws)
        }
        return result
    }
}
