internal import Foundation

/// What a memory keeps of a sample beside its embeddings.
struct RememberedRow: Codable, Equatable {
    let id: String
    /// By column.
    let labels: [String: String]
    let weight: Double
    /// The lower, the longer it stays; see `MemoryChoice`.
    let rank: Double
    /// By modality, where media are kept and not embeddings.
    let media: [String: RememberedMedium]?

    private init(_ other: RememberedRow, media: [String: RememberedMedium]?) {
        (id, labels, weight, rank) = (other.id, other.labels, other.weight, other.rank)
        self.media = media
    }

    /// For a memory of embeddings.
    func withoutMedia() -> RememberedRow { RememberedRow(self, media: nil) }

    /// - Parameter keepsMedia: Whether media are kept, because there are no embeddings that stay what they are.
    init(_ sample: Sample, rank: Double, keepsMedia: Bool) throws {
        (id, labels, weight, self.rank) = (sample.id, sample.labels, sample.weight, rank)
        guard keepsMedia else {
            media = nil
            return
        }
        media = Dictionary(
            uniqueKeysWithValues: try sample.media.keys.map { ($0.stored, try RememberedMedium(sample, $0)) })
    }

    /// The sample, its media where they are kept.
    func sample() -> Sample {
        let media = (media ?? [:]).map { (Modality(stored: $0.key), $0.value.medium) }
        return Sample(
            id: id, line: 0, split: .train,
            media: Dictionary(uniqueKeysWithValues: media.compactMap { name, medium in name.map { ($0, medium) } }),
            labels: labels, weight: weight)
    }
}

/// Where a remembered medium is: a file as it was, or what was in memory.
struct RememberedMedium: Codable, Equatable {
    /// The file's full path; nil where the medium was in memory.
    let path: String?
    let text: String?
    let bytes: Data?
    let start: Double?
    let end: Double?
    /// Of what the file held.
    let sha256: String

    /// - Throws: `BraidError` where the medium cannot be read any more.
    init(_ sample: Sample, _ modality: Modality) throws {
        let medium = try sample.medium(modality)
        guard let key = EmbeddingKey(sample, modality) else {
            throw BraidError(.noInput, "\(medium.name): cannot be read any more, so that it cannot be remembered")
        }
        sha256 = key.hexadecimal
        (start, end) = (medium.start, medium.end)
        switch medium.content {
        case .file(let url): (path, text, bytes) = (url.standardizedFileURL.path, nil, nil)
        case .text(let content): (path, text, bytes) = (nil, content, nil)
        case .bytes(let content): (path, text, bytes) = (nil, nil, content)
        }
    }

    var medium: Medium {
        if let text { return Medium(.text(text), start: start, end: end) }
        if let bytes { return Medium(.bytes(bytes), start: start, end: end) }
        return Medium(url: URL(fileURLWithPath: path ?? ""), start: start, end: end)
    }
}

extension RememberedRow {
    /// Whether every medium is still what it was.
    func isThere() -> Bool {
        let sample = sample()
        return (media ?? [:]).allSatisfy { name, kept in
            Modality(stored: name).flatMap { EmbeddingKey(sample, $0) }?.hexadecimal == kept.sha256
        }
    }
}
