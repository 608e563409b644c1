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
    private let progress: any StepProgress
    /// What each sample's medium is, by the modality's place and the sample's: zero where it has none, `broken` where that cannot be used. Empty of
    /// modalities that no sample has had yet.
    private var keys: [[SIMD2<UInt64>]]
    private var count = 0
    private var repeats: [[Pair]] = []
    private let checks: [(Medium) throws -> Void]

    /// What stands for a medium that cannot be used.
    private static let broken = SIMD2<UInt64>(1, 0)

    /// - Parameter modalities: What samples may have.
    init(
        _ manifest: URL, _ modalities: [Modality], _ frontEnds: [Modality: any FrontEnd], _ reporter: any Reporter
    ) {
        (self.manifest, self.modalities) = (manifest, modalities)
        // What samples are prepared by; a modality that has no front end here is only decoded.
        checks = modalities.map { modality -> (Medium) throws -> Void in
            let kind = modality.kind
            guard let frontEnd = frontEnds[modality] else { return { try kind.check($0) } }
            return { try frontEnd.check($0) }
        }
        keys = modalities.map { _ in [] }
        progress = reporter.begin("reading media", total: 0)
    }

    mutating func add(_ sample: Sample) {
        for (index, modality) in modalities.enumerated() {
            guard let medium = sample.media[modality] else {
                if !keys[index].isEmpty { keys[index].append(.zero) }
                continue
            }
            if keys[index].isEmpty { keys[index] = Array(repeating: .zero, count: count) }
            keys[index].append(key(of: sample, medium, index) ?? Self.broken)
        }
        count += 1
        progress.advance()
    }

    mutating func finish() {
        progress.finish()
        repeats = modalities.indices.map { Self.pairs(keys[$0]) }
    }

    /// Samples that have the same medium of a modality as an earlier one, once all have come.
    func repeats(of modality: Modality) -> [Pair] { modalities.firstIndex(of: modality).map { repeats[$0] } ?? [] }

    /// Samples that are the same as an earlier one in all media, none of which is broken.
    var wholeRepeats: [Pair] {
        let there = modalities.indices.filter { !keys[$0].isEmpty }
        // Rows of a few columns are often alike: that two have the same cells alone says nothing.
        let media = there.filter { modalities[$0].kind.presentation != .cells }
        guard !media.isEmpty else { return [] }
        if there.count == 1 { return repeats[there[0]] }
        let wholes = (0..<count).map { place -> SIMD2<UInt64> in
            let parts = there.map { keys[$0][place] }
            guard !parts.contains(Self.broken), media.contains(where: { keys[$0][place] != .zero }) else { return .zero }
            return parts.reduce(SIMD2<UInt64>.zero) { $0 &* Self.factor &+ $1 }
        }
        return Self.pairs(wholes)
    }

    /// Any odd number: digests are as good as random, so that their sums do not meet by chance.
    private static let factor = SIMD2<UInt64>(repeating: 0x9E37_79B9_7F4A_7C15)

    /// Reads what a sample has of a modality; nil where it cannot be used.
    private mutating func key(of sample: Sample, _ medium: Medium, _ index: Int) -> SIMD2<UInt64>? {
        let modality = modalities[index]
        counts[modality, default: 0] += 0
        if let url = medium.url, MediaFile.fault(of: url) != nil { return nil }
        do {
            try checks[index](medium)
            counts[modality, default: 0] += 1
            return EmbeddingKey(sample, modality)?.short
        } catch {
            bad.append(BadSample(sample, manifest: manifest, field: modality.rawValue, message: "\(error)"))
            return nil
        }
    }

    /// By sorting, which takes a few bytes a sample where a dictionary takes dozens.
    private static func pairs(_ keys: [SIMD2<UInt64>]) -> [Pair] {
        let places = keys.indices.filter { keys[$0] != .zero && keys[$0] != broken }.map(Int32.init).sorted { first, second in
            let (a, b) = (keys[Int(first)], keys[Int(second)])
            return a[0] != b[0] ? a[0] < b[0] : a[1] != b[1] ? a[1] < b[1] : first < second
        }
        var pairs: [Pair] = []
        var first: Int32?
        for place in places {
            if let first, keys[Int(first)] == keys[Int(place)] { pairs.append((Int(first), Int(place))) } else { first = place }
        }
        return pairs.sorted { $0.second < $1.second }
    }
}
