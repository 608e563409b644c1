internal import Synchronization
internal import Torch

/// The architectures there are. One line each here; `register` adds those of other targets.
public enum EncoderRegistry {
    private static let builtIn: [EncoderBuilder] =
        ResNet.builders + MobileNetV3.builders + EfficientNet.builders + EfficientNet.liteBuilders
        + EfficientNet.mobileBuilders + ConvNeXt.builders
        + ConvNeXt.secondBuilders
        + VisionTransformer.builders + VisionTransformer.dinov2Builders + VisionTransformer.dinov3Builders
        + VisionTransformer.clipBuilders
        + SwinTransformer.builders + OpenCLIP.visionBuilders
        + Bert.builders + GPT2.builders + ContrastiveText.builders + OpenCLIP.textBuilders + ClapText.builders + Albert.builders
        + ModernBert.builders + Qwen3.builders + NomicBert.builders + Deberta.builders
        + PannsCnn.builders + MobileNetV1.builders + ResNet.spectrogramBuilders + VGGish.builders + YAMNet.builders
        + Whisper.builders + AudioSpectrogramTransformer.builders + Wav2Vec2.builders + HTSAT.builders + BEATs.builders
        + PlainColumns.builders

    private static let registered = Mutex<[EncoderBuilder]>([])

    /// Adds an architecture: from here on configurations, weights folders and `braid models list` know its name.
    ///
    /// - Throws: `BraidError` where the modality has an architecture of that name already.
    public static func register(_ builder: EncoderBuilder) throws {
        try registered.withLock { registered throws(BraidError) in
            let isTaken = (builtIn + registered).contains { $0.modality == builder.modality && $0.name == builder.name }
            guard !isTaken else {
                throw BraidError(.badConfiguration, "\(builder.modality) has an architecture called \(builder.name) already")
            }
            registered.append(builder)
        }
    }

    /// Every architecture, in the order of modalities.
    public static var builders: [EncoderBuilder] { builtIn + registered.withLock { $0 } }

    /// The names of the architectures for modalities of the kind of `modality`.
    public static func names(for modality: Modality) -> [String] {
        builders.filter { $0.modality == modality.plain }.map(\.name)
    }

    static func builder(_ name: String, for modality: Modality) throws -> EncoderBuilder {
        let builders = builders.filter { $0.modality == modality.plain }
        if let builder = builders.first(where: { $0.name == name }) { return builder }
        let elsewhere = Self.builders.first { $0.name == name }.map { " It is one for \($0.modality)." } ?? ""
        throw BraidError(
            .badConfiguration,
            "\(name) is not an architecture for \(modality).\(elsewhere) \(advice(name, modality))")
    }

    /// What to take instead of a name that is no architecture's: those near it, and where all are shown.
    ///
    /// - Parameters:
    ///   - name: What was asked for; nil where nothing was.
    ///   - modality: What it was to encode; nil where that is not known.
    static func advice(_ name: String?, _ modality: Modality?) -> String {
        let builders = builders.filter { modality == nil || $0.modality == modality?.plain }
        let near = near(name ?? "", in: Set(builders.map(\.name)).sorted(), atMost: 5)
        let places = modality.map { " for \($0)" } ?? ""
        let all = "braid models list shows all \(builders.count)\(places)"
        return near.isEmpty ? all : "Near it: \(near.joined(separator: ", ")); \(all)"
    }
}
