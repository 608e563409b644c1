public import Foundation

/// Folds the adapters of a model into its encoders' weights.
public enum AdapterMerge {
    /// Writes the model of `source`, a run or a model folder, as `target`, which computes the same without adapters.
    ///
    /// - Returns: The modalities whose encoders had an adapter.
    /// - Throws: `BraidError` where none has, or `target` is there already.
    @discardableResult
    public static func write(_ source: URL, to target: URL) throws -> [Modality] {
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw BraidError(.cannotCreate, "\(target.path) is there already; name a folder that is not")
        }
        let model = try ModelFolder.read(source)
        let adapted = model.modalities.filter { model.encoders[$0]?.adapters.isMerged == true }
        guard !adapted.isEmpty else {
            throw BraidError(.noInput, "\(source.path): no encoder of the model has an adapter; there is nothing to merge")
        }
        try ModelFolder.writeMerged(model, to: target)
        return adapted
    }
}
