public import Foundation
internal import Torch

/// Where a model's weights and front end lie.
public struct WeightsFolder: Sendable {
    /// Where `config.json` and the front end's files are; nil for a bare file without them.
    public let folder: URL?
    /// The safetensors file; nil in a folder that only describes an architecture.
    public let weights: URL?

    /// Finds what a configuration calls weights: a path, `bundled:NAME`, or a Hugging Face id in the local cache.
    public static func find(_ name: String, relativeTo base: URL) throws -> WeightsFolder {
        if name.hasPrefix("bundled:") { return try at(bundled(String(name.dropFirst("bundled:".count)))) }
        let url = Configuration.resolve(name, in: base)
        if FileManager.default.fileExists(atPath: url.path) { return try at(url) }
        if let cached = cachedFolder(of: name) { return try at(cached) }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let looksLikeID = parts.count == 2 && !name.hasPrefix(".") && !name.hasSuffix(".safetensors")
        let hint =
            looksLikeID
            ? " Nor is it in the Hugging Face cache (\(hubCache().path)); this version does not download, so put it there with: huggingface-cli download \(name)"
            : ""
        throw BraidError(.noInput, "weights \(name): there is no such file or folder (looked at \(url.path)).\(hint)")
    }

    private static func at(_ url: URL) throws -> WeightsFolder {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw BraidError(.noInput, "weights \(url.path): no such file or folder")
        }
        guard isFolder.boolValue else {
            guard url.pathExtension == "safetensors" else {
                throw BraidError(
                    .badData,
                    "weights \(url.path): expected a .safetensors file or a folder; convert pickled weights with safetensors' own tools"
                )
            }
            let config = url.deletingLastPathComponent().appendingPathComponent("config.json")
            let hasConfig = FileManager.default.fileExists(atPath: config.path)
            return WeightsFolder(folder: hasConfig ? url.deletingLastPathComponent() : nil, weights: url)
        }
        let file = url.appendingPathComponent("model.safetensors")
        let hasWeights = FileManager.default.fileExists(atPath: file.path)
        return WeightsFolder(folder: url, weights: hasWeights ? file : nil)
    }

    /// The `config.json`.
    func config() throws -> JSONObject? { try folder.map { try JSONObject($0.appendingPathComponent("config.json")) } }

    /// The weights, of which nothing is read yet but what tensors there are.
    func open() throws -> any Checkpoint {
        guard let weights else {
            throw BraidError(.noInput, "weights \(folder?.path ?? ""): the folder has no model.safetensors")
        }
        return try SafetensorsFile(weights)
    }

    /// What Braid stored beside weights that it wrote.
    func options() throws -> EncoderOptions {
        guard let file = folder?.appendingPathComponent(EncoderOptions.fileName),
            FileManager.default.fileExists(atPath: file.path)
        else { return EncoderOptions() }
        return try EncoderOptions(JSONObject(file))
    }

    /// The files, apart from the weights, that make the folder complete, those of sentence-transformers' modules included.
    var companions: [String] {
        get throws {
            guard let folder else { return [] }
            let files = FileManager.default
            let names = try files.contentsOfDirectory(atPath: folder.path).sorted()
            let own = names.filter { name in
                [".json", ".txt", ".md"].contains(where: name.hasSuffix) && !name.hasSuffix(".index.json")
            }
            let modules = names.map { "\($0)/config.json" }.filter {
                files.fileExists(atPath: folder.appendingPathComponent($0).path)
            }
            return own + modules
        }
    }

    // MARK: Bundled weights

    /// Folders of bundled weights: of an installed command, of a built one, and what set-up fetched for the checkout.
    static var bundleRoots: [URL] {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return [
            executable.appendingPathComponent("../share/braid/weights").standardizedFileURL,
            executable.appendingPathComponent("Braid_Braid.resources/weights"),
            executable.appendingPathComponent("../../../.deps/weights").standardizedFileURL,
        ]
    }

    /// The names that `bundled:` takes.
    public static func bundledNames() -> [String] {
        let names = bundleRoots.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0.path)) ?? [] }
        return Set(names.filter { !$0.hasPrefix(".") }).sorted()
    }

    private static func bundled(_ name: String) throws -> URL {
        guard bundledNames().contains(name) else {
            let near = nearest(to: name, in: bundledNames()).map { "; did you mean bundled:\($0)?" } ?? "."
            throw BraidError(
                .noInput, "there are no bundled weights called \(name)\(near) Known: \(bundledNames().joined(separator: ", "))")
        }
        let candidates = bundleRoots.map { $0.appendingPathComponent(name) }
        return candidates.first { FileManager.default.fileExists(atPath: $0.path) } ?? candidates[0]
    }

    // MARK: Hugging Face's cache

    private static func hubCache() -> URL {
        let environment = ProcessInfo.processInfo.environment
        if let cache = environment["HF_HUB_CACHE"] { return URL(fileURLWithPath: cache) }
        let home = environment["HF_HOME"] ?? "\(NSHomeDirectory())/.cache/huggingface"
        return URL(fileURLWithPath: home).appendingPathComponent("hub")
    }

    /// The snapshot that `main` names in the standard layout.
    private static func cachedFolder(of id: String) -> URL? {
        let parts = id.split(separator: "/")
        guard parts.count == 2, !id.contains("..") else { return nil }
        let model = hubCache().appendingPathComponent("models--\(parts[0])--\(parts[1])")
        guard let revision = try? String(contentsOf: model.appendingPathComponent("refs/main"), encoding: .utf8) else { return nil }
        let snapshot = model.appendingPathComponent("snapshots").appendingPathComponent(
            revision.trimmingCharacters(in: .whitespacesAndNewlines))
        return FileManager.default.fileExists(atPath: snapshot.path) ? snapshot : nil
    }
}

extension JSONObject {
    /// What a `config.json` says the weights are: timm's `architecture`, or Transformers' `model_type`.
    func architecture() throws -> String? {
        for key in ["architecture", "model_type"] where has(key) { return try string(key) }
        return nil
    }
}
