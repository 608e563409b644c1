/// What a model's weights are an average of, beside epochs' own.
public struct AveragingRecord: Codable, Sendable {
    /// The mean of several epochs; nil: there is none.
    public let soup: SoupRecord?
    /// What lies between the beginning and what was learnt; nil: it was not asked for.
    public let interpolation: InterpolationRecord?

    private enum CodingKeys: String, CodingKey {
        case soup
        case interpolation = "wise_ft"
    }

    init(soup: SoupRecord? = nil, interpolation: InterpolationRecord? = nil) {
        (self.soup, self.interpolation) = (soup, interpolation)
    }

    /// A sentence for each; none where there is none.
    public var summary: [String] { [soup?.summary, interpolation?.summary].compactMap { $0 } }
}
