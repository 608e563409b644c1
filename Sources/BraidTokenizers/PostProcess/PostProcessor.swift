internal import BraidSupport

/// The special tokens that are put around the ids of a text.
struct PostProcessor: Sendable {
    private(set) var before: [Int32] = []
    private(set) var after: [Int32] = []
    /// The same tokens as the file names them, each with the id that it gives.
    private(set) var specials: [(token: String, id: Int32)] = []

    var count: Int { before.count + after.count }

    /// None.
    init() {}

    init(_ settings: JSONObject, depth: Int = 0) throws {
        guard depth < 16 else { throw settings.fault("post-processors are nested too deeply") }
        let type = try settings.string("type")
        switch type {
        case "TemplateProcessing": try readTemplate(settings)
        case "BertProcessing":
            try settings.allow("sep", "cls")
            (before, after) = ([try pair(settings, "cls")], [try pair(settings, "sep")])
        case "RobertaProcessing":
            try settings.allow("sep", "cls", "trim_offsets", "add_prefix_space")
            // Both move offsets only.
            _ = try (settings.bool("trim_offsets"), settings.bool("add_prefix_space"))
            (before, after) = ([try pair(settings, "cls")], [try pair(settings, "sep")])
        case "ByteLevel":
            try settings.allow("add_prefix_space", "trim_offsets", "use_regex")
        case "Sequence":
            try settings.allow("processors")
            for processor in try settings.objects("processors") {
                let outer = try PostProcessor(processor, depth: depth + 1)
                before = outer.before + before
                after += outer.after
                specials += outer.specials
            }
        default:
            throw settings.unknown(
                "post-processor", type, ["BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing"])
        }
        var tokens = ComponentCount("special tokens around a text")
        try tokens.add(settings, count)
    }

    /// A token and its id.
    private mutating func pair(_ settings: JSONObject, _ name: String) throws -> Int32 {
        guard let pair = settings.fields[name] as? [Any], pair.count == 2, let token = pair[0] as? String, let id = pair[1] as? Int,
            let id = Int32(exactly: id), id >= 0
        else { throw settings.fault("\(name) must be a token and its id") }
        specials.append((token, id))
        return id
    }

    /// The template of a single text; that of a pair is not looked at.
    private mutating func readTemplate(_ settings: JSONObject) throws {
        try settings.allow("single", "pair", "special_tokens")
        let specials = try settings.object("special_tokens")
        var hasText = false
        for step in try settings.objects("single") {
            try step.allow("SpecialToken", "Sequence")
            if step.has("Sequence") {
                guard try step.object("Sequence").string("id") == "A", !hasText else {
                    throw step.fault("single must have the sequence A once and no other")
                }
                hasText = true
                continue
            }
            let name = try step.object("SpecialToken").string("id")
            guard specials.has(name) else { throw settings.fault("special_tokens lacks \(name)") }
            let ids = try specials.object(name).ints("ids").map { id in
                guard let id = Int32(exactly: id), id >= 0 else { throw specials.fault("the ids of \(name) must be 0 or more") }
                return id
            }
            self.specials += ids.map { (name, $0) }
            if hasText { after += ids } else { before += ids }
        }
        guard hasText else { throw settings.fault("single must have the sequence A once and no other") }
    }
}
