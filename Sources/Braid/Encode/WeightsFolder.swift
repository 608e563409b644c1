internal import BraidHub
public import Foundation
internal import Torch

/// Where a model's weights and front end lie.
public struct WeightsFolder: Sendable {
    /// Where `config.json` and the front end's files are, or the `part` that holds them; nil for a bare file without them.
    public let folder: URL?
    /// The folder within `folder` where the old layout of sentence-transformers has the Transformer's files, for example
    /// `0_Transformer`; empty where they lie at the top.
    var part = ""
    /// The file of weights, or the index of several; nil in a folder that only describes an architecture.
    public let weights: URL?
    /// An adapter in PEFT's format, which is to be put on top of the weights; nil where there is none.
    public internal(set) var adapter: URL? = nil

    /// Finds what a configuration calls weights: a path, `bundled:NAME`, or a Hugging Face id, which is downloaded where the
    /// cache lacks it. A run's folder, or a model's, means its encoder of the modality.
    ///
    /// - Parameters:
    ///   - name: What the configuration says.
    ///   - modality: Of which encoder a run's folder means; nil where a run means nothing.
    ///   - base: Where relative paths start.
    ///   - reporter: Is told of downloads.
    /// - Throws: `BraidError`.
    public static func find(
        _ name: String, for modality: Modality? = nil, relativeTo base: URL, reporter: any Reporter = SilentReporter()
    ) throws -> WeightsFolder {
        if name.hasPrefix("bundled:") { return try at(BundledWeights.folder(String(name.dropFirst("bundled:".count)))) }
        let url = Paths.resolve(name, in: base)
        if AdapterFolder.isOne(url) { return try Self.base(of: url, relativeTo: base, reporter: reporter) }
        if let model = TrainedEncoders(url) { return try at(model.folder(of: modality, name)) }
        if FileManager.default.fileExists(atPath: url.path) { return try at(url) }
        guard let repository = repository(name) else {
            let near = nearest(to: name, in: BundledWeights.names()).map { "; did you mean bundled:\($0)?" } ?? ""
            throw BraidError(.noInput, "weights \(name): there is no such file or folder (looked at \(url.path))\(near)")
        }
        do {
            return try at(HubClient(environment: HubEnvironment()).snapshot(of: repository, reporter: reporter))
        } catch let error as BraidError {
            let note = "weights \(name): there is no such file or folder (looked at \(url.path)), and as a Hugging Face id:"
            throw BraidError(error.code, faults: [Fault(note)] + error.faults)
        }
    }

    /// What `name` would be on the hub: two names with a slash between, and not what is clearly a path.
    static func repository(_ name: String) -> HubRepository? {
        let parts = (name.split(separator: "@").first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !name.hasPrefix("."), !fileEndings.contains(where: name.hasSuffix) else { return nil }
        return try? HubRepository(name)
    }

    private static let fileEndings = [".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".tar"]

    private static func at(_ url: URL) throws -> WeightsFolder {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw BraidError(.noInput, "weights \(url.path): no such file or folder")
        }
        guard isFolder.boolValue else {
            guard (fileEndings + [".index.json"]).contains(where: url.path.hasSuffix) else {
                throw BraidError(
                    .badData,
                    "weights \(url.path): expected a folder, or a file that ends in \(fileEndings.joined(separator: ", ")) or .index.json"
                )
            }
            let folder = url.deletingLastPathComponent()
            let hasConfig = ["config.json", HubFiles.openCLIP].contains {
                FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
            }
            return WeightsFolder(folder: hasConfig ? folder : nil, weights: url)
        }
        let part = try HubFiles.transformer(in: url)
        let place = url.appendingPathComponent(part)
        guard !FileManager.default.fileExists(atPath: place.appendingPathComponent("adapter_config.json").path) else {
            throw BraidError(
                .badData,
                "weights \(place.path): is an adapter of peft, not a model; merge it into its base first (merge_and_unload, save_pretrained), and name that folder"
            )
        }
        var found = WeightsFolder(folder: url, part: part, weights: try weights(in: place))
        let adapter = url.appendingPathComponent(adapterName)
        if AdapterFolder.isOne(adapter) {
            found.adapter = adapter
        } else if AdapterFolder.hasWeights(adapter) {
            throw BraidError(
                .badData,
                "\(adapter.path): adapter_config.json is missing, without which its weights would be left out; copy the folder whole"
            )
        }
        return found
    }

    /// Where Braid puts the adapter of weights, in their folder.
    static let adapterName = "adapter"

    /// The weights that the adapter in `url` was made for: those of the folder that Braid wrote it into, or those that it names.
    private static func base(of url: URL, relativeTo base: URL, reporter: any Reporter) throws -> WeightsFolder {
        let above = url.deletingLastPathComponent()
        if url.lastPathComponent == adapterName, let found = try? at(above), found.weights != nil { return found }
        guard let name = try AdapterFolder.base(url) else {
            throw BraidError(
                .badData,
                "weights \(url.path): is an adapter of peft, not a model, and its adapter_config.json names no base_model_name_or_path; name the model as weights, and this folder as adapter"
            )
        }
        do {
            let isPath = !name.hasPrefix("bundled:")
            // Looked at before it is followed: two adapters may name each other.
            guard !(isPath && AdapterFolder.isOne(Paths.resolve(name, in: base))) else {
                throw BraidError(.badData, "\(name) is an adapter itself; merge that first (braid merge)")
            }
            var found = try find(name, relativeTo: base, reporter: reporter)
            guard found.adapter == nil else {
                throw BraidError(.badData, "\(name) has an adapter itself; merge that first (braid merge)")
            }
            found.adapter = url
            return found
        } catch let error as BraidError {
            throw BraidError(error.code, faults: [Fault("weights \(url.path): the base of this adapter:")] + error.faults)
        }
    }

    /// The file of weights: the first of the usual names, for published folders often have several forms of the same; else the
    /// only one of another name.
    static func weights(in folder: URL) throws -> URL? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() else {
            let isShut = access(folder.path, R_OK | X_OK) != 0 && errno == EACCES
            throw BraidError(
                .noInput,
                "weights \(folder.path): \(isShut ? "cannot be read: no permission" : "no such folder, or one that cannot be read")"
            )
        }
        if let usual = HubFiles.weights.first(where: names.contains) { return folder.appendingPathComponent(usual) }
        let others = names.filter { name in fileEndings.contains(where: name.hasSuffix) }
        guard others.count <= 1 else {
            throw BraidError(
                .badData, "weights \(folder.path): name one of its files of weights: \(others.joined(separator: ", "))")
        }
        return others.first.map(folder.appendingPathComponent)
    }

    /// Where `config.json` and the tokenizer's files lie: the folder, or its `part`.
    var place: URL? { folder?.appendingPathComponent(part) }

    /// The `config.json`, or OpenCLIP's where that is what describes the weights; nil where there is none.
    func config() throws -> JSONObject? { try configFile.map { try JSONObject($0) } }

    /// Folders may hold a model in two forms; the name of the weights says which is meant.
    private var configFile: URL? {
        let isOpenCLIP = weights?.lastPathComponent.hasPrefix("open_clip") == true
        let names = isOpenCLIP ? [HubFiles.openCLIP, "config.json"] : ["config.json", HubFiles.openCLIP]
        return names.compactMap { place?.appendingPathComponent($0) }.first { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// The weights, of which nothing is read yet but what tensors there are.
    func open() throws -> any Checkpoint {
        guard let weights else {
            let wanted = HubFiles.weights.joined(separator: ", ")
            throw BraidError(
                .noInput,
                "weights \(place?.path ?? ""): the folder has no weights: none of \(wanted), nor a single other file of such an ending"
            )
        }
        return try Checkpoints.open(weights)
    }

    /// SHA-256 of the weights; of several files, of their sums in the order of their names.
    func fingerprint() throws -> String? {
        guard let weights else { return nil }
        guard weights.path.hasSuffix(".index.json") else { return try Fingerprint.of(weights) }
        let places = try JSONObject(weights).object("weight_map").fields.values.compactMap { $0 as? String }
        let sums = try Set(places).sorted().map { name in
            try Fingerprint.of(weights.deletingLastPathComponent().appendingPathComponent(name))
        }
        return Fingerprint.of(sums.joined(separator: "\n"))
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
            var names = HubFiles.companions
            let modules = folder.appendingPathComponent("modules.json")
            if FileManager.default.fileExists(atPath: modules.path) {
                let paths = try HubFiles.modules(JSONValue(modules)).map(\.path)
                // What leaves the folder is refused where modules are read.
                for path in paths where !path.isEmpty && HubRepository.isPath(path) {
                    names += (HubFiles.companions + (path == part ? [] : HubFiles.weights)).map { "\(path)/\($0)" }
                }
            } else {
                names.append("1_Pooling/config.json")
            }
            // Beside weights under another name the configuration of the other form would be taken for theirs.
            let isOpenCLIP = configFile?.lastPathComponent == HubFiles.openCLIP
            return names.filter { name in
                FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
                    && name != (isOpenCLIP ? "config.json" : HubFiles.openCLIP)
            }
        }
    }
}

extension JSONObject {
    /// What a `config.json` says the weights are: timm's `architecture`, or Transformers' `model_type`; of OpenCLIP's, which names none, `open_clip`.
    func architecture() throws -> String? {
        if has("model_cfg") { return "open_clip" }
        for key in ["architecture", "model_type"] where has(key) { return try string(key) }
        return nil
    }
}
