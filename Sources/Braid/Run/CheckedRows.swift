/// What a check keeps of a manifest's rows: of a million some dozen bytes each.
final class CheckedRows: SplitTable {
    /// The labels of a column, each text once.
    struct Labels {
        /// The different texts; of numbers, which hardly repeat, every one.
        private(set) var texts: [String] = []
        /// Of each row the place of its text, or -1.
        private(set) var places: [Int32] = []
        private var known: [String: Int32] = [:]
        private let areNumbers: Bool

        init(areNumbers: Bool) { self.areNumbers = areNumbers }

        mutating func append(_ text: String?) {
            guard let text else { return places.append(-1) }
            if !areNumbers, let place = known[text] { return places.append(place) }
            let place = Int32(clamping: texts.count)
            if !areNumbers { known[text] = place }
            texts.append(text)
            places.append(place)
        }

        subscript(row: Int) -> String? { places[row] < 0 ? nil : texts[Int(places[row])] }
    }

    /// A row, looked at in its place.
    struct Row: LabelledRow {
        fileprivate let rows: CheckedRows
        fileprivate let place: Int

        var line: Int { Int(rows.lines[place]) }
        var split: Split? { rows.splits[place] }
        var weight: Double { rows.isWeightless[place] ? 0 : 1 }
        func label(_ column: String) -> String? { rows.columns.firstIndex(of: column).flatMap { rows.labels[$0][place] } }
    }

    private var lines: [Int32] = []
    private var splits: [Split?] = []
    /// Whether rows count nothing in training.
    private var isWeightless: [Bool] = []
    /// The columns of labels, and what each has.
    private let columns: [String]
    private var labels: [Labels]
    /// What must not be divided, as a number; dropped once a row is in val, for then nothing is to be divided.
    private var units: [UInt64] = []
    private var isDivided = false
    private let seed: Int

    /// - Parameters:
    ///   - heads: What is to be learnt.
    ///   - seed: That of the splits.
    init(_ heads: [HeadSettings], seed: Int) {
        self.seed = seed
        columns = heads.map(\.column)
        labels = heads.map { Labels(areNumbers: $0.kind.form == .number) }
    }

    /// The labels of a column that a head learns from.
    func labels(of column: String) -> Labels? { columns.firstIndex(of: column).map { labels[$0] } }

    func append(_ sample: Sample) {
        lines.append(Int32(clamping: sample.line))
        splits.append(sample.split)
        isWeightless.append(sample.weight == 0)
        for (index, column) in columns.enumerated() { labels[index].append(sample.labels[column]) }
        if sample.split == .val { (units, isDivided) = ([], true) }
        if !isDivided { units.append(Fingerprint.number("\(seed)|\(sample.unit)")) }
    }

    var count: Int { lines.count }
    func row(_ place: Int) -> Row { Row(rows: self, place: place) }
    func unit(_ place: Int, seed: Int) -> UInt64 { units[place] }
    func put(_ place: Int, into split: Split) { splits[place] = split }

    /// The rows, one after the other.
    var all: some Collection<Row> { (0..<count).lazy.map { Row(rows: self, place: $0) } }

    /// How many rows of each split have each text of a column, by the text's place; a row that is in no split counts as of train.
    func counts(_ column: String) -> [Split: [Int]] {
        guard let labels = labels(of: column) else { return [:] }
        var counts: [Split: [Int]] = [:]
        for split in Split.allCases {
            var found = Array(repeating: 0, count: labels.texts.count)
            for (row, place) in labels.places.enumerated() where place >= 0 && (splits[row] ?? .train) == split {
                found[Int(place)] += 1
            }
            if found.contains(where: { $0 > 0 }) { counts[split] = found }
        }
        return counts
    }
}
