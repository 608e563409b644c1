internal import Foundation
internal import Torch

/// A tower of a model whose towers put their embeddings into one space, beside the text tower of the same weights: CLIP, SigLIP, CLAP.
struct SharedSpace {
    /// What the tower encodes.
    let modality: Modality
    let encoder: ModalityEncoder
    private let text: ModalityEncoder
    /// What cosines are multiplied by, and what is added to that.
    private let scale: Double
    private let offset: Double
    /// Whether a label's logit says something without the others: the model was trained by a logistic loss of each pair.
    let judgesAlone: Bool

    /// Loads both towers.
    ///
    /// - Parameters:
    ///   - weights: A file or folder, or a Hugging Face id, of the whole model.
    ///   - base: What a relative path is relative to.
    ///   - device: Where to compute.
    ///   - reporter: Is told of downloads.
    /// - Throws: `BraidError` where the weights are not of such a model, or cannot be read.
    init(_ weights: String, relativeTo base: URL, device: Device, reporter: any Reporter) throws {
        let name = try WeightsFolder.find(weights, relativeTo: base, reporter: reporter).config()?.architecture()
        guard Self.keys(name) != nil, let tower = EncoderRegistry.builders.first(where: { $0.modality != .text && $0.name == name })
        else { throw Self.refusal(weights, name) }
        let settings = EncoderSettings(encoder: nil, weights: weights, train: .none)
        try self.init(
            beside: ModalityEncoder(tower.modality, settings, relativeTo: base, device: device, reporter: reporter),
            reporter: reporter)
    }

    /// Loads the text tower of the weights that an encoder has.
    ///
    /// - Parameters:
    ///   - encoder: The tower for pictures or sounds.
    ///   - reporter: Is told of downloads.
    /// - Throws: `BraidError` where the encoder's weights are not of such a model, or cannot be read.
    init(beside encoder: ModalityEncoder, reporter: any Reporter) throws {
        let name = encoder.architecture
        let asked = encoder.origin.configuration
        guard encoder.modality.plain != .text, let keys = Self.keys(name), let folder = encoder.weights else {
            throw Self.refusal(encoder.name, name)
        }
        let settings = EncoderSettings(encoder: asked.encoder, weights: asked.weights, train: .none)
        let checkpoint = try folder.open()
        func number(_ key: String) throws -> Double {
            guard checkpoint.directory[key] != nil else {
                throw BraidError(.badData, "\(checkpoint.path): has no \(key): nothing says how near two embeddings have to be")
            }
            return try withoutGradient { try checkpoint.tensor(key).converted(to: .float32).item() }
        }
        scale = exp(try number(keys.scale))
        let added = keys.offset.flatMap { keys.needsOffset || checkpoint.directory[$0] != nil ? $0 : nil }
        offset = try added.map(number) ?? 0
        judgesAlone = added != nil
        (modality, self.encoder) = (encoder.modality.plain, encoder)
        text = try ModalityEncoder(
            .text, settings, relativeTo: encoder.origin.base, device: encoder.parameters.device, reporter: reporter)
    }

    /// What the weights of an architecture call the numbers between cosines and logits; nil where it has no text tower.
    private static func keys(_ name: String?) -> SharedSpaceKeys? {
        EncoderRegistry.builders.first { $0.modality == .text && $0.name == name }?.sharedSpace
    }

    /// That what is asked for may share a space with a text tower, as far as that shows without loading weights.
    ///
    /// - Throws: `BraidError` where it cannot.
    static func check(_ settings: EncoderSettings, relativeTo base: URL, reporter: any Reporter) throws {
        let name = try WeightsFolder.find(settings.weights, relativeTo: base, reporter: reporter).config()?.architecture()
        guard settings.encoder != nil || keys(name) != nil else { throw refusal(settings.weights, name) }
    }

    /// The tower of a modality; nil where there is none.
    func tower(_ wanted: Modality) -> ModalityEncoder? {
        wanted.plain == modality ? encoder : wanted.plain == .text ? text : nil
    }

    private static func refusal(_ weights: String, _ name: String?) -> BraidError {
        let known = EncoderRegistry.builders.filter { $0.sharedSpace != nil }.map(\.name).joined(separator: ", ")
        let found = name.map { "are of \($0)" } ?? "have no config.json that says what they are"
        return BraidError(
            .badConfiguration,
            "weights \(weights) \(found): zero-shot needs a model whose towers share a space with a text tower: \(known)")
    }

    /// The classes as points of the space, `[K, D]` of length 1: of each the mean over its prompts' embeddings, each of length 1.
    ///
    /// - Parameter prompts: Of each class at least one text.
    func points(of prompts: [[String]]) throws -> Tensor {
        try withoutGradient {
            let texts = prompts.flatMap { $0 }
            var parts: [Tensor] = []
            for start in stride(from: 0, to: texts.count, by: Self.textsAtOnce) {
                let some = texts[start..<min(start + Self.textsAtOnce, texts.count)]
                let prepared = try some.map { try text.frontEnd.prepare(.inline($0)) }
                parts.append(try text.encode(prepared).pooled.normalized())
            }
            let all = try Tensor.concatenate(parts, 0)
            var start = 0
            let means = try prompts.map { texts in
                defer { start += texts.count }
                return try all.slice(0, start..<start + texts.count).mean([0])
            }
            return try Tensor.stack(means).normalized()
        }
    }

    private static let textsAtOnce = 64

    /// The classes of `points(of:)` as a linear classifier of embeddings of length 1: what gives the same logits.
    ///
    /// - Returns: `[K, D]` and `[K]`.
    func classifier(of prompts: [[String]]) throws -> (weight: Tensor, bias: Tensor) {
        try withoutGradient {
            let points = try points(of: prompts)
            return (try points.scaled(by: scale), try Tensor.full([prompts.count], offset).moved(to: points.device))
        }
    }

    /// Logits `[N, K]` of embeddings `[N, D]`: cosines to the classes' points, scaled as in training.
    func logits(_ embeddings: Tensor, _ points: Tensor) throws(TorchError) -> Tensor {
        try embeddings.normalized().matmul(points.transposed(0, 1)).scaled(by: scale).adding(offset)
    }
}

/// What the whole model's weights call the numbers that turn cosines into logits.
public struct SharedSpaceKeys: Sendable {
    /// The logarithm of what cosines are multiplied by.
    public let scale: String
    /// What is added to that; nil where nothing is.
    public let offset: String?
    /// Whether all weights of the architecture have that, or only those that were trained by a logistic loss.
    public let needsOffset: Bool

    /// Names them.
    public init(scale: String, offset: String? = nil, needsOffset: Bool = true) {
        (self.scale, self.offset, self.needsOffset) = (scale, offset, needsOffset)
    }
}
