internal import Foundation

extension TextPooling {
    /// Takes the pooling the user asks for, else the one the weights folder states, else `fallback`.
    ///
    /// - Parameters:
    ///   - source: What the encoder is built from.
    ///   - frontEnd: What makes the tokens: the folder may say that those of its prompt are not pooled.
    ///   - hidden: The size of a token.
    ///   - fallback: What is taken where nobody says anything.
    /// - Throws: `BraidError` where the folder names a module that is not known here, or where another pooling is asked for than
    ///   a dense layer behind it was trained with.
    public init(_ source: EncoderSource, behind frontEnd: TextFrontEnd, hidden: Int, otherwise fallback: Mode) throws {
        self = try source.root.flatMap { try Self.stated(in: $0, hidden: hidden) } ?? TextPooling(modes: [fallback])
        if !includesPrompt { skipped = frontEnd.promptLength }
        try choose(source.options.pooling)
        try cut(to: source.options.truncation, hidden)
    }

    /// Takes the mode that the user asks for in the place of the folder's.
    private mutating func choose(_ asked: Mode?) throws {
        guard let asked, modes != [asked] else { return }
        guard !steps.contains(where: { if case .dense = $0 { true } else { false } }) else {
            throw BraidError(
                .badConfiguration,
                "pooling: \(asked.rawValue), but these weights have a dense layer behind the pooling that they were trained with (\(modes.map(\.rawValue).joined(separator: ", "))); leave pooling out"
            )
        }
        modes = [asked]
    }

    /// Cuts embeddings as the user asks, last of all, as the reference does, in the place of what the folder says.
    private mutating func cut(to limit: Int?, _ hidden: Int) throws {
        guard let limit else { return }
        steps.removeAll { if case .truncate = $0 { true } else { false } }
        let size = dimension(hidden)
        guard limit <= size else {
            throw BraidError(.badConfiguration, "truncate_dim: \(limit), but embeddings have \(size) values; leave it out")
        }
        steps.append(.truncate(limit))
    }

    /// What a sentence-transformers folder says in `modules.json`; nil where there is none.
    ///
    /// - Throws: `BraidError` where a module changes embeddings in a way that is not known here.
    static func stated(in folder: URL, hidden: Int) throws -> TextPooling? {
        let file = folder.appendingPathComponent("modules.json")
        guard FileManager.default.fileExists(atPath: file.path) else {
            let settings = folder.appendingPathComponent("1_Pooling/config.json")
            guard FileManager.default.fileExists(atPath: settings.path) else { return nil }
            return try TextPooling(JSONObject(settings))
        }
        let data = try JSONText.read(file)
        guard let list = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]]
        else { throw BraidError(.badData, "\(file.path): is not a list of modules") }
        var pooling: TextPooling?
        for fields in list {
            try add(JSONObject(fields, path: file.path), in: folder, hidden: hidden, to: &pooling)
        }
        guard var pooling else {
            throw BraidError(.badData, "\(file.path): names no Pooling module, so that there is no embedding")
        }
        let settings = folder.appendingPathComponent("config_sentence_transformers.json")
        if FileManager.default.fileExists(atPath: settings.path) { try pooling.add(JSONObject(settings)) }
        return pooling
    }

    private static func add(_ module: JSONObject, in folder: URL, hidden: Int, to pooling: inout TextPooling?) throws {
        let type = try module.string("type")
        let path = try module.string("path", "")
        guard !path.contains(".."), !path.hasPrefix("/") else { throw module.fault("the path \(path) leaves the folder") }
        let place = folder.appendingPathComponent(path)
        let name = type.hasPrefix("sentence_transformers.") ? type.split(separator: ".").last.map(String.init) ?? type : type
        switch (name, pooling) {
        case ("Transformer", nil): break  // Wherever it lies: `WeightsFolder.part`.
        case ("Pooling", nil): pooling = try TextPooling(JSONObject(place.appendingPathComponent("config.json")))
        case ("Normalize", _?): pooling?.steps.append(.normalize)
        case ("Dense", let before?):
            pooling?.steps.append(.dense(try PoolingDense(place, inputs: before.dimension(hidden))))
        case ("Transformer", _), ("Pooling", _), ("Normalize", _), ("Dense", _):
            throw module.fault(
                "the module \(type) does not stand where this version takes it: one Transformer, one Pooling, then Dense and Normalize"
            )
        default: throw module.fault("the module \(type) is not known; this version has Transformer, Pooling, Dense and Normalize")
        }
    }

    /// Adds what `config_sentence_transformers.json` says of the whole model.
    private mutating func add(_ settings: JSONObject) throws {
        if settings.has("truncate_dim") {
            let limit = try settings.int("truncate_dim")
            guard limit >= 1 else { throw settings.fault("truncate_dim must be 1 or more") }
            steps.append(.truncate(limit))
        }
    }

    /// Reads a `Pooling` module's settings.
    private init(_ settings: JSONObject) throws {
        self.init(modes: try Self.modes(settings))
        includesPrompt = try settings.bool("include_prompt", true)
    }

    private static let dimensionKeys = ["word_embedding_dimension", "embedding_dimension", "include_prompt"]
    /// In the order in which the reference puts them behind one another.
    private static let flags: [(name: String, mode: Mode)] = [
        ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max), ("pooling_mode_mean_tokens", .mean),
        ("pooling_mode_mean_sqrt_len_tokens", .meanOverRoot), ("pooling_mode_weightedmean_tokens", .weightedMean),
        ("pooling_mode_lasttoken", .last),
    ]

    /// A `Pooling` module's settings, as a name, a list of names, or one flag a mode; the mean where nothing is said.
    private static func modes(_ settings: JSONObject) throws -> [Mode] {
        let known = dimensionKeys + ["pooling_mode"] + flags.map(\.name)
        for key in settings.fields.keys.sorted() where !known.contains(key) {
            throw settings.fault("\(key) is not a setting of Pooling; known: \(known.joined(separator: ", "))")
        }
        guard settings.has("pooling_mode") else {
            let modes = try flags.filter { try settings.bool($0.name, false) }.map(\.mode)
            return modes.isEmpty ? [.mean] : modes
        }
        let names =
            settings.fields["pooling_mode"] is String ? [try settings.string("pooling_mode")] : try settings.strings("pooling_mode")
        guard !names.isEmpty else { throw settings.fault("pooling_mode is empty") }
        return try names.map { name in
            guard let mode = Mode(rawValue: name) else {
                throw settings.fault("pooling_mode \(name) is not one of \(Mode.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return mode
        }
    }
}
