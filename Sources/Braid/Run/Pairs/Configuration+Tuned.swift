internal import Foundation

extension Configuration {
    /// What is left to do when pairs have trained the encoders: the same on frozen encoders whose weights are these folders, without the keys that
    /// acted on pairs alone.
    func tuned(_ folders: [Modality: URL]) throws -> Configuration {
        var settings: [String: String] = [:]
        for (modality, folder) in folders {
            settings["modalities.\(modality).weights"] = "'\(folder.path.replacingOccurrences(of: "'", with: "''"))'"
            settings["modalities.\(modality).train"] = "none"
        }
        // A folder of weights holds its adapter, and says what it is.
        let gone = folders.keys.flatMap { ["modalities.\($0).adapter", "modalities.\($0).encoder"] }
        return try replacing(settings) { $0.hasPrefix("training.contrastive.") || gone.contains($0) }
    }
}
