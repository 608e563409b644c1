public import Foundation
public import Torch

/// A change that training makes to what an encoder is shown of a sample, drawn anew for each sample and epoch.
public struct Augmentation: Sendable, Equatable {
    /// What it changes, and how. What is drawn comes from the `Draws` alone.
    public enum Change: Sendable {
        /// The part of a decoded picture, of this height and width, that takes the place of the front end's own crop, and is resized to what
        /// the encoder takes.
        case region(@Sendable (_ height: Int, _ width: Int, inout Draws) throws -> Image.Region)
        /// A picture of the size that the encoder takes, before it is normalised.
        case picture(@Sendable (Image, inout Draws) throws -> Image)
        /// A recording's samples, at the rate in hertz that the front end takes.
        case sound(@Sendable ([Float], _ rate: Int, inout Draws) throws -> [Float])
        /// A text, before it is split into tokens.
        case text(@Sendable (String, inout Draws) throws -> String)
        /// A text's own token ids, without the special ones around them.
        case tokens(@Sendable ([Int32], inout Draws) throws -> [Int32])
        /// What the front end has prepared: a normalised picture `[3, H, W]`, a spectrogram `[frames, mels]`, or whatever another modality's
        /// front end gives.
        case prepared(@Sendable (Tensor, inout Draws) throws -> Tensor)

        /// What it changes.
        var stage: Stage {
            switch self {
            case .region: .region
            case .picture: .picture
            case .sound: .sound
            case .text: .text
            case .tokens: .tokens
            case .prepared: .prepared
            }
        }
    }

    /// Where in a front end's work a change acts.
    public enum Stage: String, Sendable, CaseIterable {
        /// The cut of a picture.
        case region
        /// A picture in its final size.
        case picture
        /// A recording's samples.
        case sound
        /// A text.
        case text
        /// Token ids.
        case tokens
        /// What a front end has prepared.
        case prepared
    }

    /// The kind's name: each draws from numbers of its own, so that one more changes nothing of what the others draw.
    public let name: String
    /// What it does, in a few words; two that say the same are the same.
    public let summary: String
    /// Makes the change; what files it needs lie relative to a folder.
    let make: @Sendable (URL) throws -> Change

    /// - Parameters:
    ///   - name: The kind's name.
    ///   - summary: What it does, in a few words, its numbers among them.
    ///   - change: What it changes, and how.
    public init(_ name: String, _ summary: String, _ change: Change) { self.init(name, summary) { _ in change } }

    /// An augmentation that needs files.
    ///
    /// - Parameters:
    ///   - name: The kind's name.
    ///   - summary: What it does, in a few words, its numbers among them.
    ///   - make: Makes the change, when the encoder is built; relative paths start from the folder given.
    public init(_ name: String, _ summary: String, make: @escaping @Sendable (URL) throws -> Change) {
        (self.name, self.summary, self.make) = (name, summary, make)
    }

    /// Two that say the same of themselves are the same.
    public static func == (left: Augmentation, right: Augmentation) -> Bool {
        (left.name, left.summary) == (right.name, right.summary)
    }
}
