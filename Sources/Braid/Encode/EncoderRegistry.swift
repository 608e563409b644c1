internal import Foundation
internal import Torch

/// Builds one architecture from its `config.json`, together with the front end that belongs to it.
struct EncoderBuilder: Sendable {
    let modality: Modality
    /// The `architecture` (or `model_type`) of a `config.json`, and the name in a configuration.
    let name: String
    let paper: String
    /// The encoder, its weights asked of `scope`, and its front end.
    let build: @Sendable (_ scope: Scope, _ config: JSONObject, _ folder: URL?) throws -> (any Encoder, any FrontEnd)
}

/// The architectures there are: one line each.
enum EncoderRegistry {
    static let builders: [EncoderBuilder] = [
        EncoderBuilder(modality: .image, name: "resnet10", paper: "arXiv:1512.03385") { scope, config, _ in
            try resNet(scope, config, layers: [1, 1, 1, 1])
        },
        EncoderBuilder(modality: .image, name: "resnet18", paper: "arXiv:1512.03385") { scope, config, _ in
            try resNet(scope, config, layers: [2, 2, 2, 2])
        },
        EncoderBuilder(modality: .text, name: "bert", paper: "arXiv:1810.04805", build: bert),
        EncoderBuilder(modality: .audio, name: "cnn10", paper: "arXiv:1912.10211", build: cnn10),
    ]

    static func names(for modality: Modality) -> [String] { builders.filter { $0.modality == modality }.map(\.name) }

    static func builder(_ name: String, for modality: Modality) throws -> EncoderBuilder {
        if let builder = builders.first(where: { $0.name == name && $0.modality == modality }) { return builder }
        let known = names(for: modality).joined(separator: ", ")
        throw BraidError(.badConfiguration, "\(name) is not an architecture for \(modality); known: \(known)")
    }

    private static func resNet(_ scope: Scope, _ config: JSONObject, layers: [Int]) throws -> (any Encoder, any FrontEnd) {
        let channels = try config.object("model_args").ints("channels", [64, 128, 256, 512])
        guard channels.count == 4, channels.allSatisfy({ (1...8192).contains($0) }) else {
            throw config.fault("model_args.channels must hold four widths")
        }
        guard config.has("pretrained_cfg") || config.fields.isEmpty else {
            throw config.fault("pretrained_cfg is missing: without it nothing says how pictures were prepared for these weights")
        }
        return (try ResNet(scope, layers: layers, channels: channels), try ImageFrontEnd(config.object("pretrained_cfg")))
    }

    private static func bert(_ scope: Scope, _ config: JSONObject, _ folder: URL?) throws -> (any Encoder, any FrontEnd) {
        guard let folder else {
            throw BraidError(
                .badConfiguration, "a text encoder needs a vocabulary: name a weights folder with a tokenizer.json as encoder")
        }
        try checkPooling(folder)
        let shape = try Bert.Shape(config)
        let frontEnd = try TextFrontEnd(folder: folder, maxPositions: shape.positions)
        guard frontEnd.tokenizer.largestID < shape.vocabulary else {
            throw config.fault(
                "vocab_size is \(shape.vocabulary), but tokenizer.json has ids up to \(frontEnd.tokenizer.largestID): they are not of one model"
            )
        }
        return (try Bert(scope, shape), frontEnd)
    }

    /// A sentence-transformers folder says how it pools; this version takes the mean.
    private static func checkPooling(_ folder: URL) throws {
        let file = folder.appendingPathComponent("1_Pooling/config.json")
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let pooling = try JSONObject(file)
        guard try pooling.bool("pooling_mode_mean_tokens", false) else {
            throw pooling.fault("this version pools by the mean of the tokens only")
        }
    }

    private static func cnn10(_ scope: Scope, _ config: JSONObject, _ folder: URL?) throws -> (any Encoder, any FrontEnd) {
        let channels = try config.object("model_args").ints("channels", [64, 128, 256, 512])
        guard channels.count == 4, channels.allSatisfy({ (1...8192).contains($0) }) else {
            throw config.fault("model_args.channels must hold four widths")
        }
        // What the published weights were trained with.
        let published: [String: Any] = [
            "sample_rate": 32_000, "window_size": 1024, "hop_size": 320, "mel_bins": 64, "fmin": 50, "fmax": 14_000,
        ]
        let settings = config.has("front_end") ? try config.object("front_end") : JSONObject(published, path: config.path)
        let frontEnd = try LogMelFrontEnd(settings)
        return (try Cnn10(scope, melBins: frontEnd.melBins, channels: channels), frontEnd)
    }
}
