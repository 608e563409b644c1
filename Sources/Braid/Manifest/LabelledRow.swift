/// A row of a manifest, as heads and splits look at it.
protocol LabelledRow {
    /// The line it starts on, from 1.
    var line: Int { get }
    /// What it is used for; nil where nobody has said so yet.
    var split: Split? { get }
    /// How much it counts in training.
    var weight: Double { get }
    /// Its label in a column; nil where it has none.
    func label(_ column: String) -> String?
}

extension Sample: LabelledRow {
    func label(_ column: String) -> String? { labels[column] }
}

/// Rows that are to be divided into splits.
protocol SplitTable {
    associatedtype Row: LabelledRow
    /// How many there are.
    var count: Int { get }
    /// A row.
    func row(_ place: Int) -> Row
    /// A number that depends on a seed and on what must not be divided: the row's group, or the row by itself.
    func unit(_ place: Int, seed: Int) -> UInt64
    /// Puts a row into a split.
    mutating func put(_ place: Int, into split: Split)
}

extension [Sample]: SplitTable {
    func row(_ place: Int) -> Sample { self[place] }
    func unit(_ place: Int, seed: Int) -> UInt64 { Fingerprint.number("\(seed)|\(self[place].unit)") }
    mutating func put(_ place: Int, into split: Split) { self[place].split = split }
}
