public import Foundation
public import Torch

/// Builds one architecture from its `config.json`, together with the front end that belongs to it.
public struct EncoderBuilder: Sendable {
    public let modality: Modality
    /// What a configuration, timm's `architecture` or Transformers' `model_type` calls it.
    public let name: String
    public let paper: String
    let layouts: @Sendable (JSONObject) throws -> [KeyMap]
    let build: @Sendable (EncoderSource) throws -> (any Encoder, any FrontEnd)

    /// - Parameters:
    ///   - name: As `config.json` writes it; unique within its modality.
    ///   - paper: Where the architecture is described, for `braid models list`.
    ///   - layouts: What other projects call its parameters, given the `config.json`; its own names need no entry.
    ///   - build: The encoder, its weights asked of the source's scope, and the front end that prepares its input.
    public init(
        modality: Modality, name: String, paper: String,
        layouts: @escaping @Sendable (JSONObject) throws -> [KeyMap] = { _ in [] },
        build: @escaping @Sendable (EncoderSource) throws -> (any Encoder, any FrontEnd)
    ) {
        self.modality = modality
        self.name = name
        self.paper = paper
        self.layouts = layouts
        self.build = build
    }
}

/// What an encoder is built from.
public struct EncoderSource {
    /// Where weights are asked for; its store is random or loading.
    public let scope: Scope
    /// The `config.json`; empty where weights come as a bare file.
    public let config: JSONObject
    /// Where the front end's files lie; nil where there is no folder.
    public let folder: URL?
    /// What the user asks for beyond what the weights say.
    public let options: EncoderOptions

    /// The layout the checkpoint was found to be in; nil where its names are the encoder's own.
    public var layout: String? { options.layout ?? scope.store.layout }

    /// A JSON file of the folder; nil where there is none.
    public func file(_ name: String) throws -> JSONObject? {
        guard let url = folder?.appendingPathComponent(name), FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try JSONObject(url)
    }
}

/// What a user may ask of an encoder, where its weights leave it open. Stored with a model, as `braid.json`.
public struct EncoderOptions: Sendable, Equatable {
    /// How a text's tokens become one embedding; text only.
    public var pooling: TextPooling.Mode?
    /// Seconds; longer recordings are cut into windows of this length; audio only.
    public var window: Double?
    /// The share of a window that the next one repeats; audio only.
    public var overlap: Double?
    /// What a frozen encoder computes in.
    public var precision: Precision?
    /// How large JPEGs are decoded; image only.
    public var decoding: JPEGDecoding?
    /// The layout that the weights were in before Braid wrote them under its own names.
    var layout: String?

    public init(
        pooling: TextPooling.Mode? = nil, window: Double? = nil, overlap: Double? = nil, precision: Precision? = nil,
        decoding: JPEGDecoding? = nil
    ) {
        self.precision = precision
        self.decoding = decoding
        self.pooling = pooling
        self.window = window
        self.overlap = overlap
    }

    static let fileName = "braid.json"

    init(_ json: JSONObject) throws {
        if json.has("pooling") {
            guard let mode = TextPooling.Mode(rawValue: try json.string("pooling")) else {
                throw json.fault("pooling is not known")
            }
            pooling = mode
        }
        if json.has("jpeg_decoding") {
            guard let known = JPEGDecoding(rawValue: try json.string("jpeg_decoding")) else {
                throw json.fault("jpeg_decoding is not known")
            }
            decoding = known
        }
        if json.has("precision") {
            guard let known = Precision(rawValue: try json.string("precision")) else {
                throw json.fault("precision is not one of \(Precision.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            precision = known
        }
        window = json.has("window") ? try json.double("window") : nil
        overlap = json.has("overlap") ? try json.double("overlap") : nil
        layout = json.has("layout") ? try json.string("layout") : nil
        if let window, !(0.1...86_400).contains(window) { throw json.fault("window must lie in 0.1 ... 86400 seconds") }
        if let overlap, !(0...0.95).contains(overlap) { throw json.fault("overlap must lie in 0 ... 0.95") }
    }

    /// As JSON fields; empty where nothing was asked.
    var fields: [String: Any] {
        var fields: [String: Any] = [:]
        fields["pooling"] = pooling?.rawValue
        fields["precision"] = precision?.rawValue
        fields["jpeg_decoding"] = decoding?.rawValue
        fields["window"] = window
        fields["overlap"] = overlap
        fields["layout"] = layout
        return fields
    }

    /// These, and where they are silent, `others`.
    func merged(over others: EncoderOptions) -> EncoderOptions {
        var merged = EncoderOptions(
            pooling: pooling ?? others.pooling, window: window ?? others.window, overlap: overlap ?? others.overlap,
            precision: precision ?? others.precision, decoding: decoding ?? others.decoding)
        merged.layout = layout ?? others.layout
        return merged
    }
}
