/// The added tokens of a tokenizer, and their ids.
struct AddedVocabulary: Sendable {
    /// Those found in the text as it is.
    private(set) var verbatim = AddedTokenFinder()
    /// Those found in normalised text.
    private(set) var normalized = AddedTokenFinder()
    /// How many are not in the model's vocabulary.
    private(set) var newCount = 0
    private(set) var largestID: Int32 = 0
    private var ids: [[UInt8]: Int32] = [:]

    /// Ids are given as the reference gives them, whatever the file says: the model's own where its vocabulary has the token,
    /// else the next that is free after the model's count.
    init(_ root: JSONObject, _ model: any Model, _ normalizer: (any Normalizer)?) throws {
        guard root.has("added_tokens") else { return }
        var byID: [Int32: AddedToken] = [:]
        var next = Int32(model.count)
        for entry in try root.objects("added_tokens") {
            let token = try AddedToken(entry)
            _ = try entry.id("id")
            guard !token.content.isEmpty else { continue }
            let id = ids[token.content] ?? model.id(of: token.content) ?? next
            if ids[token.content] == nil, id == next, model.id(of: token.content) == nil {
                guard next < Int32.max else { throw entry.fault("no id is left for it") }
                next += 1
                newCount += 1
            }
            ids[token.content] = id
            byID[id] = token
            largestID = max(largestID, id)
        }
        for (id, token) in byID.sorted(by: { $0.key < $1.key }) { try insert(token, id, root, normalizer) }
    }

    func id(of token: String) -> Int32? { ids[Array(token.utf8)] }

    private mutating func insert(_ token: AddedToken, _ id: Int32, _ root: JSONObject, _ normalizer: (any Normalizer)?) throws {
        let name = String(decoding: token.content, as: UTF8.self)
        guard token.isNormalized else {
            _ = verbatim.insert(token, as: token.content, id: id)
            return
        }
        var content = token.content
        if let normalizer {
            content.removeAll()
            _ = token.content.withUnsafeBufferPointer { normalizer.normalize($0, into: &content) }
        }
        guard !content.isEmpty else { throw root.fault("the added token \(name) is empty once it is normalised") }
        guard normalized.insert(token, as: content, id: id) else {
            throw root.fault("the added token \(name) is another one's equal once it is normalised")
        }
    }
}
