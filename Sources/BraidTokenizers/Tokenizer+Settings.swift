internal import BraidSupport

extension Tokenizer {
    /// How a batch of texts is padded.
    public struct Padding: Sendable {
        /// The id of the padding token.
        public let id: Int32
        /// How the padding token is written, for example `[PAD]`.
        public let token: String
        /// The side on which padding is put.
        public let direction: Side
        /// The length of every text, in tokens; nil for that of the longest in the batch.
        public let length: Int?
        /// Lengths are rounded up to a multiple of this many tokens; nil where they are not rounded.
        public let multiple: Int?

        init(_ settings: JSONObject) throws {
            try settings.allow("strategy", "direction", "pad_to_multiple_of", "pad_id", "pad_type_id", "pad_token")
            id = try settings.id("pad_id")
            token = try settings.string("pad_token")
            direction = try Side(settings, "direction")
            multiple = settings.has("pad_to_multiple_of") ? try settings.int("pad_to_multiple_of") : nil
            guard multiple ?? 0 >= 0 else { throw settings.fault("pad_to_multiple_of must be 0 or more") }
            if settings.fields["strategy"] as? String == "BatchLongest" {
                length = nil
            } else if let fixed = settings.fields["strategy"] as? [String: Any], fixed.count == 1,
                let length = fixed["Fixed"] as? Int, length >= 0
            {
                self.length = length
            } else {
                throw settings.fault("strategy must be BatchLongest or {\"Fixed\": a length}")
            }
        }
    }

    /// How a text that is too long is cut.
    public struct Truncation: Sendable {
        /// The most tokens that a text may have, the special ones included.
        public let maxLength: Int
        /// The side on which tokens are cut off.
        public let direction: Side

        init(_ settings: JSONObject) throws {
            try settings.allow("direction", "max_length", "strategy", "stride")
            maxLength = try settings.int("max_length")
            guard maxLength >= 0 else { throw settings.fault("max_length must be 0 or more") }
            direction = try Side(settings, "direction", .right)
            let strategy = try settings.string("strategy")
            // OnlySecond cuts the second text of a pair; there is none.
            guard ["LongestFirst", "OnlyFirst"].contains(strategy) else {
                throw settings.unknown("strategy", strategy, ["LongestFirst", "OnlyFirst"])
            }
            // By how much the parts that are cut off overlap; they are not kept.
            guard try settings.int("stride") >= 0 else { throw settings.fault("stride must be 0 or more") }
        }
    }
}

extension Tokenizer.Side {
    init(_ settings: JSONObject, _ name: String, _ fallback: Tokenizer.Side? = nil) throws {
        let value = try settings.string(name, fallback?.rawValue)
        guard let side = Tokenizer.Side(rawValue: value) else { throw settings.unknown(name, value, ["Left", "Right"]) }
        self = side
    }
}
