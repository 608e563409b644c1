internal import Foundation

/// The encoders of a trained model: folders of weights in the model's, which a run has as `model`.
struct TrainedEncoders {
    private let folder: URL

    /// nil where `url` is neither a run that is complete nor a model.
    init?(_ url: URL) {
        func has(_ folder: URL, _ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        // Weights for other programs may bring a model.json as well.
        guard !has(url, "config.json") else { return nil }
        guard let model = Self.places(url).first(where: { has($0, "model.json") }) else { return nil }
        folder = model
    }

    /// Where the model of a run, or of its own folder, may lie.
    static func places(_ url: URL) -> [URL] {
        [url.appendingPathComponent("model"), url].map { ReplacedFolder($0).readable }
    }

    /// The folder of a modality's encoder.
    ///
    /// - Parameters:
    ///   - modality: Which one; nil where nothing says it.
    ///   - name: What the user calls the model.
    /// - Throws: `BraidError` that names those there are.
    func folder(of modality: Modality?, _ name: String) throws -> URL {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted().filter {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent("\($0)/config.json").path)
        }
        if let modality, names.contains(modality.rawValue) { return folder.appendingPathComponent(modality.rawValue) }
        let places = names.map { Paths.relative(folder, to: URL(fileURLWithPath: ".")) + "/\($0)" }
        let lack = modality.map { " without an encoder of \($0)" } ?? ""
        throw BraidError(
            .noInput, "weights \(name): is a trained model\(lack); name one of its encoders: \(places.joined(separator: ", "))")
    }
}
