internal import Foundation
internal import Torch

/// How large a network a `config.json` asks for, compared with the limits before anything is built of it.
enum EncoderSize {
    /// What the architectures call their numbers of layers; lists of them are a number a stage.
    private static let layerKeys: Set<String> = [
        "num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers", "layers", "depth", "depths",
        "num_hidden_groups", "inner_group_num", "num_block_repeats",
    ]
    /// Towers lie in objects of their own, and timm's arguments too.
    private static let deepest = 4

    /// Compares every number of layers in the file with the limit.
    ///
    /// - Throws: `BraidError` (`.badData`) where one is larger.
    static func checkLayers(_ config: JSONObject, limit: Int = Limit.encoderLayers.value) throws {
        try checkLayers(config.fields, config.path, limit, depth: 0)
    }

    private static func checkLayers(_ fields: [String: Any], _ file: String, _ limit: Int, depth: Int) throws {
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            if let nested = value as? [String: Any], depth < deepest {
                try checkLayers(nested, file, limit, depth: depth + 1)
            }
            guard layerKeys.contains(key) else { continue }
            let numbers = (value as? NSNumber).map { [$0] } ?? value as? [NSNumber] ?? []
            let sum = numbers.reduce(0) { $0 + $1.doubleValue }
            guard sum <= Double(limit) else {
                let asked = sum < 1e15 ? String(Int(sum)) : "\(sum)"
                throw Limit.encoderLayers.exceeded("asks for \(asked) layers", file: file, field: key, bound: limit)
            }
        }
    }

    /// Counts the weights that `builder` would draw for a `config.json`, without memory for any, and compares their number with the limit.
    ///
    /// - Throws: `BraidError` (`.badData`) where there are more. What else is wrong with the file is said where it is built.
    static func checkDrawn(_ config: JSONObject, _ builder: EncoderBuilder, _ options: EncoderOptions) throws {
        guard !config.fields.isEmpty else { return }
        let store = ParameterStore.outline()
        let outline = EncoderSource(scope: Scope(store), config: config, folder: nil, options: options, isOutline: true)
        do { _ = try builder.build(outline) } catch {
            guard let refusal = store.refusal else { return }
            throw BraidError(refusal.code, faults: refusal.faults.map { Fault($0.message, file: config.path) })
        }
    }
}
