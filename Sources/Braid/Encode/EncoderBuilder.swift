internal import Foundation
public import Torch

/// Builds one architecture from its `config.json`, together with the front end that belongs to it.
public struct EncoderBuilder: Sendable {
    /// The modality that the architecture encodes.
    public let modality: Modality
    /// What a configuration, timm's `architecture` or Transformers' `model_type` calls it.
    public let name: String
    /// Where the architecture is described.
    public let paper: String
    let layouts: @Sendable (JSONObject) throws -> [KeyMap]
    let adapters: AdapterTargets
    /// Of a text tower whose embeddings share a space with those of the tower of the same name in another modality.
    let sharedSpace: SharedSpaceKeys?
    /// Whether it has no weights: its `config.json` is all there is.
    let isParameterless: Bool
    /// The weights that people mostly take; nil where none are published.
    public private(set) var usual: UsualWeights?
    let build: @Sendable (EncoderSource) throws -> (any Encoder, any FrontEnd)

    /// - Parameters:
    ///   - modality: What the architecture encodes.
    ///   - name: As `config.json` writes it; unique within its modality.
    ///   - paper: Where the architecture is described, for `braid models list`.
    ///   - layouts: What other projects call its parameters, given the `config.json`; its own names need no entry.
    ///   - adapters: Which layers adapters adapt where nothing is said: as a rule every linear layer and ungrouped convolution.
    ///   - sharedSpace: Of a text tower whose embeddings share a space with those of the architecture of the same name in another modality: what
    ///     their weights call the numbers that turn cosines into logits.
    ///   - isParameterless: Whether it has no weights, so that its `config.json` is all there is.
    ///   - build: The encoder, its weights asked of the source's scope, and the front end that prepares its input.
    public init(
        modality: Modality, name: String, paper: String,
        layouts: @escaping @Sendable (JSONObject) throws -> [KeyMap] = { _ in [] },
        adapters: AdapterTargets = .every, sharedSpace: SharedSpaceKeys? = nil,
        isParameterless: Bool = false,
        build: @escaping @Sendable (EncoderSource) throws -> (any Encoder, any FrontEnd)
    ) {
        self.modality = modality
        self.name = name
        self.paper = paper
        self.layouts = layouts
        self.adapters = adapters
        self.sharedSpace = sharedSpace
        self.isParameterless = isParameterless
        self.build = build
        usual = modality == .image ? TimmWeights.usual(name) : nil
    }

    /// The same, of which these weights are the usual ones.
    ///
    /// - Parameters:
    ///   - name: A Hugging Face id, or where they are published.
    ///   - licence: By its SPDX identifier where there is one.
    ///   - config: What their `config.json` says of sizes, as a JSON object.
    public func usually(_ name: String, licence: String, config: String = "{}") -> EncoderBuilder {
        var builder = self
        builder.usual = UsualWeights(name, licence: licence, config: config)
        return builder
    }
}
