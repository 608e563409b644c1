public import Foundation

/// One row of a manifest. A modality that is nil is missing in this sample, and is carried as missing to the fusion.
public struct Sample: Sendable {
    /// What the sample is called; unique within its manifest.
    public let id: String
    /// The line of the manifest it starts on, from 1; 0 where it is in none.
    public let line: Int
    /// What the sample is used for; nil where neither the manifest nor fractions say it.
    public var split: Split?
    /// Samples of one group are never divided between splits; nil where it belongs to none.
    public let group: String?
    /// What the sample has; what is not there is missing.
    public let media: [Modality: Medium]
    /// By column: `label`, and further ones by the file's own name. What is empty is not there.
    public let labels: [String: String]
    /// How much the sample counts in training.
    public let weight: Double

    /// A sample of any modalities. `label`, that of the plain `label` column, is put among `labels`.
    public init(
        id: String, line: Int = 1, split: Split? = nil, group: String? = nil, media: [Modality: Medium], label: String? = nil,
        labels: [String: String] = [:], weight: Double = 1
    ) {
        (self.id, self.line, self.split, self.group) = (id, line, split, group)
        (self.media, self.weight) = (media, weight)
        self.labels = label.map { labels.merging(["label": $0]) { $1 } } ?? labels
    }

    /// A sample of a picture's file, a text and a recording, as far as they are given.
    ///
    /// `label`, that of the plain `label` column, is put among `labels`.
    public init(
        id: String, line: Int = 1, split: Split? = nil, group: String? = nil, image: URL? = nil, text: Medium? = nil,
        audio: Medium? = nil, label: String? = nil, labels: [String: String] = [:], weight: Double = 1
    ) {
        var media: [Modality: Medium] = [:]
        media[.image] = image.map(Medium.file)
        media[.text] = text
        media[.audio] = audio
        self.init(
            id: id, line: line, split: split, group: group, media: media, label: label, labels: labels, weight: weight)
    }

    /// The picture's file; nil where there is none, or it is in memory.
    public var image: URL? { media[.image]?.url }
    /// The text; nil where there is none.
    public var text: Medium? { media[.text] }
    /// The recording; nil where there is none.
    public var audio: Medium? { media[.audio] }

    /// The label of the plain `label` column.
    public var label: String? { labels["label"] }

    /// Whether the sample has `modality`.
    public func has(_ modality: Modality) -> Bool { media[modality] != nil }

    /// What the sample has of a modality.
    ///
    /// - Throws: `BraidError` where it has nothing: whoever asks has to know.
    func medium(_ modality: Modality) throws -> Medium {
        guard let medium = media[modality] else { throw BraidError(.internal, "sample \(id) has no \(modality)") }
        return medium
    }
}
