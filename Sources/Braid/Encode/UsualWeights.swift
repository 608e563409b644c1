internal import Foundation
internal import Torch

/// The weights that people mostly take of an architecture, for `braid models list`.
///
/// Sizes are not written down: they are counted in what the architecture builds from the weights' `config.json`.
public struct UsualWeights: Sendable {
    /// A Hugging Face id, or where they are published.
    public let name: String
    /// Under which licence, by its SPDX identifier where there is one.
    public let licence: String
    private let config: String

    /// - Parameters:
    ///   - name: A Hugging Face id, or where they are published.
    ///   - licence: By its SPDX identifier where there is one.
    ///   - config: What their `config.json` says of sizes, as a JSON object; empty where the architecture's name says all.
    public init(_ name: String, licence: String, config: String = "{}") {
        (self.name, self.licence, self.config) = (name, licence, config)
    }

    /// The `config.json`.
    ///
    /// - Throws: `BraidError` where it is not a JSON object.
    func settings() throws -> JSONObject {
        guard let fields = (try? JSONSerialization.jsonObject(with: Data(config.utf8))) as? [String: Any] else {
            throw BraidError(.internal, "the settings of \(name) are no JSON object: \(config)")
        }
        return JSONObject(fields, path: name)
    }
}

/// What an architecture builds where its usual weights are: sizes without memory, or the network with drawn weights.
struct EncoderOutline {
    let encoder: any Encoder
    let frontEnd: any FrontEnd
    /// How many values its weights have, running statistics not counted.
    let parameters: Int

    /// - Parameter isDrawn: Whether weights are drawn, so that it can compute in its inference form; else they have shapes alone.
    /// - Throws: `BraidError` where the architecture does not build from what is known of its usual weights.
    init(_ builder: EncoderBuilder, isDrawn: Bool = false) throws {
        let store = isDrawn ? ParameterStore(inference: .fp32) : ParameterStore.outline(most: .max)
        let config = try builder.usual?.settings() ?? JSONObject([:], path: builder.name)
        let source = EncoderSource(scope: Scope(store), config: config, folder: nil, options: EncoderOptions(), isOutline: true)
        (encoder, frontEnd) = try builder.build(source)
        parameters = store.parameters.reduce(0) { $0 + $1.tensor.count }
    }
}
