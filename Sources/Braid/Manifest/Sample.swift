public import Foundation

/// One row of a manifest. A modality that is nil is missing in this sample, and is carried as missing to the fusion.
public struct Sample: Sendable {
    /// A recording, or a stretch of one, in seconds.
    public struct Audio: Sendable, Equatable {
        /// The file.
        public let url: URL
        /// Where the stretch begins, in seconds; nil: at the start of the file.
        public let start: Double?
        /// Where the stretch ends, in seconds; nil: at the end of the file.
        public let end: Double?

        /// Makes one from its parts; by default the whole file.
        public init(url: URL, start: Double? = nil, end: Double? = nil) {
            self.url = url
            self.start = start
            self.end = end
        }
    }

    /// A text, and where it stands.
    public enum Text: Sendable, Equatable {
        /// The text itself, from the column `text`.
        case inline(String)
        /// A UTF-8 file with the text, from the column `text_path`.
        case file(URL)
    }

    /// What the sample is called; unique within its manifest.
    public let id: String
    /// The line of the manifest it starts on, from 1.
    public let line: Int
    /// What the sample is used for; nil where neither the manifest nor fractions say it.
    public var split: Split?
    /// Samples of one group are never divided between splits; nil where it belongs to none.
    public let group: String?
    /// The picture's file; nil where there is none.
    public let image: URL?
    /// The text; nil where there is none.
    public let text: Text?
    /// The recording; nil where there is none.
    public let audio: Audio?
    /// By column: `label`, and further ones by the file's own name. What is empty is not there.
    public let labels: [String: String]
    /// How much the sample counts in training.
    public let weight: Double

    /// Makes one from its parts.
    ///
    /// - Parameter label: The label of the plain `label` column, put among `labels`.
    public init(
        id: String, line: Int = 1, split: Split? = nil, group: String? = nil, image: URL? = nil, text: Text? = nil,
        audio: Audio? = nil, label: String? = nil, labels: [String: String] = [:], weight: Double = 1
    ) {
        self.id = id
        self.line = line
        self.split = split
        self.group = group
        self.image = image
        self.text = text
        self.audio = audio
        self.labels = label.map { labels.merging(["label": $0]) { $1 } } ?? labels
        self.weight = weight
    }

    /// The label of the plain `label` column.
    public var label: String? { labels["label"] }

    /// Whether the sample has `modality`.
    public func has(_ modality: Modality) -> Bool {
        switch modality {
        case .image: image != nil
        case .text: text != nil
        case .audio: audio != nil
        }
    }

    /// The files the sample refers to, with the manifest's name of their column.
    var files: [(field: String, url: URL)] {
        var files: [(field: String, url: URL)] = []
        if let image { files.append(("image", image)) }
        if case .file(let url) = text { files.append(("text_path", url)) }
        if let audio { files.append(("audio", audio.url)) }
        return files
    }
}
