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

    /// Divides the rows of a file: all of them where it has no split column, else train where nothing is in val.
    ///
    /// - Returns: What was done beside what the file says, in a sentence; nil where nothing was.
    func divide(_ rows: inout some SplitTable, by label: String?, hasSplits: Bool, holdsOut: Bool = true) -> String? {
        guard !hasSplits else { return holdsOut ? holdOut(&rows, by: label) : nil }
        assign(&rows, by: label)
        return nil
    }

    /// - Parameter label: The column whose classes are divided alike; nil where labels are no classes.
    func assign(_ rows: inout some SplitTable, by label: String? = "label") {
        let positions = StrataPositions(rows, (0..<rows.count).map { $0 }, by: label, seed: seed).values
        for (index, position) in positions.enumerated() {
            rows.put(index, into: position < test ? .test : position < test + val ? .val : .train)
        }
        if test > 0 { move(&rows, to: .test, by: label) }
        if val > 0 { move(&rows, to: .val, by: label) }
    }

    /// Where a file has a split column and nothing in val: takes val from train, each class in proportion.
    ///
    /// - Returns: What was done, in a sentence; nil where there was nothing to do.
    func holdOut(_ rows: inout some SplitTable, by label: String? = "label") -> String? {
        guard val > 0, !(0..<rows.count).contains(where: { rows.row($0).split == .val }) else { return nil }
        let train = (0..<rows.count).filter { rows.row($0).split == .train }
        guard !train.isEmpty else { return nil }
        let positions = StrataPositions(rows, train, by: label, seed: seed).values
        for (index, position) in zip(train, positions) where position < val { rows.put(index, into: .val) }
        move(&rows, to: .val, by: label)
        let taken = train.count { rows.row($0).split == .val }
        guard taken > 0 else { return nil }
        return "no row is in val: \(taken) of the \(train.count) train rows stand in for it, each class in proportion"
    }

    /// Gives a split that got nothing, because every class has too few samples, one unit of the class that train has most units of.
    private func move(_ rows: inout some SplitTable, to split: Split, by label: String?) {
        guard !(0..<rows.count).contains(where: { rows.row($0).split == split }) else { return }
        var units: [String: [UInt64: [Int]]] = [:]
        for index in 0..<rows.count where rows.row(index).split == .train {
            let stratum = label.map { rows.row(index).label($0) ?? "" } ?? ""
            units[stratum, default: [:]][rows.unit(index, seed: seed), default: []].append(index)
        }
        guard let most = units.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })?.value, most.count > 1 else {
            return
        }
        for index in most.min(by: { $0.key < $1.key })?.value ?? [] { rows.put(index, into: split) }
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
        StrataPositions(self, (0..<count).map { $0 }, by: label, seed: seed, rotatesStrata: rotatesStrata).values
    }
}

/// A place on the line from 0 to 1 for each of some rows, in which each class is spread evenly and a group has one place.
private struct StrataPositions {
    let values: [Double]

    init<Table: SplitTable>(_ rows: Table, _ places: [Int], by label: String?, seed: Int, rotatesStrata: Bool = false) {
        // A unit is what must not be divided: a group, or a sample without one. Its samples stand side by side once they are sorted by its
        // hash, which takes less memory than a table of units.
        let hashes = places.map { rows.unit($0, seed: seed) }
        let order = hashes.indices.map(Int32.init).sorted { (hashes[Int($0)], $0) < (hashes[Int($1)], $1) }
        var strata: [String: [Range<Int32>]] = [:]
        var start = 0
        while start < places.count {
            let hash = hashes[Int(order[start])]
            var end = start + 1
            while end < places.count, hashes[Int(order[end])] == hash { end += 1 }
            let stratum =
                label.map { label in
                    Self.majority(order[start..<end].map { rows.row(places[Int($0)]).label(label) ?? "" })
                } ?? ""
            strata[stratum, default: []].append(Int32(start)..<Int32(end))
            start = end
        }
        var positions = Array<Double>(repeating: 0, count: places.count)
        for (name, units) in strata {
            let total = units.reduce(0) { $0 + $1.count }
            let start = rotatesStrata ? Double(Fingerprint.number("\(seed)|stratum|\(name)") >> 11) / Double(1 << 53) : 0
            var placed = 0
            for unit in units {
                // The middle of the unit on the line from 0 to 1.
                let position = start + (Double(placed) + Double(unit.count) / 2) / Double(total)
                for place in unit { positions[Int(order[Int(place)])] = position < 1 ? position : position - 1 }
                placed += unit.count
            }
        }
        values = positions
    }

    private static func majority(_ labels: [String]) -> String {
        if labels.count == 1 { return labels[0] }
        let counts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
    }
}
