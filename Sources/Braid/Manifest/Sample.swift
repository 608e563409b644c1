public import Foundation

/// One row of a manifest. A modality that is nil is missing in this sample, and is carried as missing to the fusion.
public struct Sample: Sendable {
    /// A recording, or a stretch of one, in seconds.
    public struct Audio: Sendable, Equatable {
        public let url: URL
        public let start: Double?
        public let end: Double?

        public init(url: URL, start: Double? = nil, end: Double? = nil) {
            self.url = url
            self.start = start
            self.end = end
        }
    }

    public enum Text: Sendable, Equatable {
        case inline(String)
        case file(URL)
    }

    public let id: String
    /// The line of the manifest it starts on, from 1.
    public let line: Int
    public var split: Split?
    public let group: String?
    public let image: URL?
    public let text: Text?
    public let audio: Audio?
    /// By column: `label`, and further ones by the file's own name. What is empty is not there.
    public let labels: [String: String]
    public let weight: Double

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
