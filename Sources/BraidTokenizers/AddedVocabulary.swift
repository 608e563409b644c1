internal import BraidSupport

/// The added tokens of a tokenizer, and their ids.
struct AddedVocabulary: Sendable {
    /// Those found in the text as it is.
    let verbatim: AddedTokenFinder
    /// Those found in normalised text.
    let normalized: AddedTokenFinder
    /// How many are not in the model's vocabulary.
    let newCount: Int
    let largestID: Int32
    private let ids: [[UInt8]: Int32]

    /// Ids are given as the reference gives them, whatever the file says: the model's own where its vocabulary has the token,
    /// else the next that is free after the model's count.
    init(_ root: JSONObject, _ model: any TokenModel, _ normalizer: (any Normalizer)?) throws {
        var ids: [[UInt8]: Int32] = [:]
        var byID: [Int32: AddedToken] = [:]
        var next = Int32(model.count)
        let entries = root.has("added_tokens") ? try root.objects("added_tokens") : []
        let most = Limit.addedTokens.value
        guard entries.count <= most else {
            throw Limit.addedTokens.exceeded("has \(entries.count)", file: root.path, field: "added_tokens", bound: most)
        }
        for entry in entries {
            let token = try AddedToken(entry)
            guard !token.content.isEmpty else { continue }
            if ids[token.content] == nil {
                if let id = model.id(of: token.content) {
                    ids[token.content] = id
                } else {
                    guard next < Int32.max else { throw entry.fault("no id is left for it") }
                    ids[token.content] = next
                    next += 1
                }
            }
            if let id = ids[token.content] { byID[id] = token }
        }
        newCount = Int(next) - model.count
        largestID = ids.values.max() ?? 0
        self.ids = ids
        let tokens = byID.sorted { $0.key < $1.key }.map { (token: $0.value, id: $0.key) }
        let found = (tokens.filter { !$0.token.isNormalized }, tokens.filter { $0.token.isNormalized })
        verbatim = AddedTokenFinder(found.0, contents: found.0.map(\.token.content))
        normalized = AddedTokenFinder(found.1, contents: try Self.normalized(found.1.map(\.token.content), root, normalizer))
    }

    func id(of token: String) -> Int32? { ids[Array(token.utf8)] }

    /// What normalisation makes of the tokens. The reference refuses, too, to look for equal ones or for nothing.
    private static func normalized(
        _ contents: [[UInt8]], _ root: JSONObject, _ normalizer: (any Normalizer)?
    ) throws -> [[UInt8]] {
        guard let normalizer else { return contents }
        var seen: Set<[UInt8]> = []
        return try contents.map { content in
            let name = String(decoding: content, as: UTF8.self)
            var result: [UInt8] = []
            let most = Limit.tokenBytes.value
            content.withUnsafeBufferPointer { normalizer.normalize($0, into: &result, most: most) }
            guard result.count <= most else {
                throw Limit.tokenBytes.exceeded(
                    "the added token \(name) has more than \(most) bytes once it is normalised", file: root.path, bound: most)
            }
            guard !result.isEmpty else { throw root.fault("the added token \(name) is empty once it is normalised") }
            guard seen.insert(result).inserted else {
                throw root.fault("the added token \(name) is another one's equal once it is normalised")
            }
            return result
        }
    }
}
