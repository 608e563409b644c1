internal import Foundation

/// Reads every medium of samples that come one by one, and keeps of each what is enough to know it again: of a million samples some bytes each.
struct MediaCensus {
    /// Two samples of one content, by place, the earlier one first.
    typealias Pair = (first: Int, second: Int)

    /// Media that cannot be used. Files that are not there are no matter here: whoever read the manifest has named them.
    private(set) var bad: [BadSample] = []
    /// How many samples have a medium of each modality that can be used.
    private(set) var counts: [Modality: Int] = [:]

    /// What samples may have.
    let modalities: [Modality]
    private let manifest: URL
    /// What samples are prepared by; a modality that has none here is only decoded.
    private let frontEnds: [Modality: any FrontEnd]
    private let progress: any StepProgress
    /// What each sample's medium is, by modality and by the sample's place; zero where it has none.
    private var keys: [Modality: [SIMD2<UInt64>]] = [:]
    /// What all media of a sample are together; zero where one of them cannot be read.
    private var wholes: [SIMD2<UInt64>] = []

    /// - Parameter modalities: What samples may have.
    init(
        _ manifest: URL, _ modalities: [Modality], _ frontEnds: [Modality: any FrontEnd], _ reporter: any Reporter
    ) {
        (self.manifest, self.modalities, self.frontEnds) = (manifest, modalities, frontEnds)
        progress = reporter.begin("reading media", total: 0)
    }

    mutating func add(_ sample: Sample) {
        var whole = SIMD2<UInt64>.zero
        // Rows of a few columns are often alike: that two have the same cells alone says nothing.
        var isWhole = sample.media.keys.contains { $0.kind.presentation != .cells }
        for modality in modalities {
            let key = key(of: sample, modality)
            if sample.has(modality) && key == nil { isWhole = false }
            keys[modality, default: []].append(key ?? .zero)
            whole = whole &* Self.factor &+ (key ?? .zero)
        }
        wholes.append(isWhole ? whole : .zero)
        progress.advance()
    }

    func finish() { progress.finish() }

    /// Samples that have the same medium of a modality as an earlier one.
    func repeats(of modality: Modality) -> [Pair] { Self.pairs(keys[modality] ?? []) }

    /// Samples that are the same as an earlier one in all media.
    var repeats: [Pair] { Self.pairs(wholes) }

    /// Any odd number: digests are as good as random, so that their sums do not meet by chance.
    private static let factor = SIMD2<UInt64>(repeating: 0x9E37_79B9_7F4A_7C15)

    /// Reads what a sample has of a modality; nil where it has nothing, or nothing that can be used.
    private mutating func key(of sample: Sample, _ modality: Modality) -> SIMD2<UInt64>? {
        guard let medium = sample.media[modality] else { return nil }
        counts[modality, default: 0] += 0
        if let url = medium.url, MediaFile.fault(of: url) != nil { return nil }
        do {
            if let frontEnd = frontEnds[modality] { try frontEnd.check(medium) } else { try modality.kind.check(medium) }
            counts[modality, default: 0] += 1
            return EmbeddingKey(sample, modality)?.short
        } catch {
            bad.append(BadSample(sample, manifest: manifest, field: modality.rawValue, message: "\(error)"))
            return nil
        }
    }

    /// By sorting, which takes a few bytes a sample where a dictionary takes dozens.
    private static func pairs(_ keys: [SIMD2<UInt64>]) -> [Pair] {
        let places = keys.indices.filter { keys[$0] != .zero }.map(Int32.init).sorted { first, second in
            let (a, b) = (keys[Int(first)], keys[Int(second)])
            return a != b ? (a[0], a[1]) < (b[0], b[1]) : first < second
        }
        var pairs: [Pair] = []
        var first: Int32?
        for place in places {
            if let first, keys[Int(first)] == keys[Int(place)] { pairs.append((Int(first), Int(place))) } else { first = place }
        }
        return pairs.sorted { $0.second < $1.second }
    }
}
