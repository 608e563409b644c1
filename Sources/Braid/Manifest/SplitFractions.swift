/// The shares of train, val and test, where a manifest has no split column.
///
/// A sample's split depends on ids, groups and labels alone: not on the order of rows, nor on the machine. Samples of a
/// group stay together, and each label is divided in the same proportions as the whole.
public struct SplitFractions: Sendable, Equatable {
    /// The share of validation samples, from 0 to 1.
    public let val: Double
    /// The share of test samples, from 0 to 1.
    public let test: Double
    /// Another seed gives another split.
    public let seed: Int

    /// Train takes what `val` and `test` leave.
    public init(val: Double = 0.15, test: Double = 0.15, seed: Int = 0) {
        self.val = val
        self.test = test
        self.seed = seed
    }

    /// Reads the keys of `splits`.
    ///
    /// - Parameter acts: Whether they act: not where the manifest says which split a sample is in.
    init(_ reader: inout ConfigurationReader, acts: Bool = true, manifest: String = "") {
        val = reader.double(
            "splits.val", 0.15, 0...0.9, "Share of validation samples where the manifest has no split column.", records: acts)
        test = reader.double(
            "splits.test", 0.15, 0...0.9, "Share of test samples where the manifest has no split column.", records: acts)
        seed = reader.int("splits.seed", 0, 0...Int(Int32.max), "Another seed gives another split.", records: acts)
        if val + test >= 1 { reader.fault("splits.val and splits.test leave nothing to train on", "splits.test") }
        for key in ["splits.val", "splits.test", "splits.seed"] {
            reader.refuse(
                key, unless: acts, "acts only where the manifest has no split column, and \(manifest) has one; leave it out")
        }
    }

    /// - Parameter label: The column whose classes are divided alike; nil where labels are no classes.
    func assign(_ samples: inout [Sample], by label: String? = "label") {
        for (index, position) in samples.strataPositions(by: label, seed: seed).enumerated() {
            samples[index].split = position < test ? .test : position < test + val ? .val : .train
        }
        if test > 0 { move(&samples, to: .test, by: label) }
        if val > 0 { move(&samples, to: .val, by: label) }
    }

    /// Where a file has a split column and nothing in val: takes val from train, each class in proportion.
    ///
    /// - Returns: What was done, in a sentence; nil where there was nothing to do.
    func holdOut(_ samples: inout [Sample], by label: String? = "label") -> String? {
        let train = samples.indices.filter { samples[$0].split == .train }
        guard !train.isEmpty, val > 0, !samples.contains(where: { $0.split == .val }) else { return nil }
        let positions = train.map { samples[$0] }.strataPositions(by: label, seed: seed)
        for (index, position) in zip(train, positions) where position < val { samples[index].split = .val }
        move(&samples, to: .val, by: label)
        let taken = train.count { samples[$0].split == .val }
        guard taken > 0 else { return nil }
        return "no row is in val: \(taken) of the \(train.count) train rows stand in for it, each class in proportion"
    }

    /// Gives a split that got nothing, because every class has too few samples, one unit of the class that train has most units of.
    private func move(_ samples: inout [Sample], to split: Split, by label: String?) {
        guard !samples.contains(where: { $0.split == split }) else { return }
        var units: [String: [String: [Int]]] = [:]
        for (index, sample) in samples.enumerated() where sample.split == .train {
            units[label.map { sample.labels[$0] ?? "" } ?? "", default: [:]][sample.unit, default: []].append(index)
        }
        guard let most = units.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })?.value, most.count > 1 else {
            return
        }
        let first = most.min {
            (Fingerprint.number("\(seed)|\($0.key)"), $0.key) < (Fingerprint.number("\(seed)|\($1.key)"), $1.key)
        }
        for index in first?.value ?? [] { samples[index].split = split }
    }
}

extension Sample {
    /// What must not be divided: its group, or the sample by itself.
    var unit: String { group.map { "group:\($0)" } ?? "id:\(id)" }
}

extension [Sample] {
    /// A place on the line from 0 to 1 for each sample, in which each class is spread evenly and a group has one place.
    ///
    /// - Parameters:
    ///   - label: The column whose classes are spread evenly; nil where labels are no classes.
    ///   - seed: Another seed gives another order.
    ///   - rotatesStrata: Whether each class begins at another point of the line, so that classes of a few samples do not all leave out the
    ///     same parts of it.
    func strataPositions(by label: String?, seed: Int, rotatesStrata: Bool = false) -> [Double] {
        // A unit is what must not be divided: a group, or a sample without one. Its samples stand side by side once they are sorted by its
        // hash, which takes less memory than a table of units.
        let hashes = map { Fingerprint.number("\(seed)|\($0.unit)") }
        let order = indices.map(Int32.init).sorted { (hashes[Int($0)], $0) < (hashes[Int($1)], $1) }
        var strata: [String: [Range<Int>]] = [:]
        var start = 0
        while start < count {
            let hash = hashes[Int(order[start])]
            let end = order[start...].firstIndex { hashes[Int($0)] != hash } ?? count
            let stratum = label.map { label in Self.majority(order[start..<end].map { self[Int($0)].labels[label] ?? "" }) } ?? ""
            strata[stratum, default: []].append(start..<end)
            start = end
        }
        var positions = Array<Double>(repeating: 0, count: count)
        for (name, units) in strata {
            let total = units.reduce(0) { $0 + $1.count }
            let start = rotatesStrata ? Double(Fingerprint.number("\(seed)|stratum|\(name)") >> 11) / Double(1 << 53) : 0
            var placed = 0
            for unit in units {
                // The middle of the unit on the line from 0 to 1.
                let position = start + (Double(placed) + Double(unit.count) / 2) / Double(total)
                for place in order[unit] { positions[Int(place)] = position < 1 ? position : position - 1 }
                placed += unit.count
            }
        }
        return positions
    }

    private static func majority(_ labels: [String]) -> String {
        if labels.count == 1 { return labels[0] }
        let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    }
}
