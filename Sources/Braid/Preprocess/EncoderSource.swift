public import Foundation
public import Torch

/// What an encoder is built from.
public struct EncoderSource {
    /// Where weights are asked for; its store is random or loading.
    public let scope: Scope
    /// The `config.json`; empty where weights come as a bare file.
    public let config: JSONObject
    /// Where the front end's files lie; nil where there is no folder.
    public let folder: URL?
    /// The folder that was named, where `modules.json` lies; `folder`, or what holds it in an old layout of
    /// sentence-transformers.
    public let root: URL?
    /// What the user asks for beyond what the weights say.
    public let options: EncoderOptions
    /// Whether nothing but sizes and speed is asked of what is built: where files are missing, something of the right form stands in for them.
    let isOutline: Bool

    /// - Parameter root: What was named; nil where that is `folder`.
    init(scope: Scope, config: JSONObject, folder: URL?, root: URL? = nil, options: EncoderOptions, isOutline: Bool = false) {
        (self.scope, self.config, self.options) = (scope, config, options)
        (self.folder, self.root, self.isOutline) = (folder, root ?? folder, isOutline)
    }

    /// The layout the checkpoint was found to be in; nil where its names are the encoder's own.
    public var layout: String? { options.layout ?? scope.store.layout }

    /// A JSON file of the folder; nil where there is none.
    public func file(_ name: String) throws -> JSONObject? {
        guard let url = folder?.appendingPathComponent(name), FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try JSONObject(url)
    }

    /// The text that sentence-transformers puts in front of every text: of `prompts` the one that the user names, or `default_prompt_name`; empty
    /// where nobody names one.
    ///
    /// - Throws: `BraidError` where there is no prompt of that name.
    func prompt() throws -> String {
        func file(_ name: String) -> URL? {
            root.map { $0.appendingPathComponent(name) }.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }
        }
        guard file("modules.json") != nil, let url = file("config_sentence_transformers.json") else {
            guard let asked = options.prompt else { return "" }
            throw BraidError(
                .badConfiguration,
                "prompt: \(asked), but these weights state no prompts: there is no config_sentence_transformers.json beside a modules.json; leave prompt out"
            )
        }
        let settings = try JSONObject(url)
        let prompts = try settings.object("prompts")
        // The reference knows these two without being told, as empty ones.
        let known = Set(prompts.fields.keys).union(["query", "document"])
        if let asked = options.prompt {
            guard known.contains(asked) else {
                throw BraidError(
                    .badConfiguration, "prompt: \(asked) is not one of \(url.path)'s: \(known.sorted().joined(separator: ", "))")
            }
            return try prompts.string(asked, "")
        }
        guard settings.has("default_prompt_name") else { return "" }
        let name = try settings.string("default_prompt_name")
        guard known.contains(name) else {
            throw settings.fault("default_prompt_name \(name) is not one of prompts: \(known.sorted().joined(separator: ", "))")
        }
        return try prompts.string(name, "")
    }
}
