// Standardisation and one-hot encoding as scikit-learn has them (StandardScaler, SimpleImputer with indicators, OneHotEncoder with
// handle_unknown="infrequent_if_exist" and max_categories); piecewise-linear encoding after Gorishniy et al. 2022, arXiv:2203.05556.
internal import Foundation

/// What the columns of a table are like in the rows that it was fitted on, and what a row becomes by that.
struct TableEncoding: Sendable, Equatable {
    /// A column of numbers.
    struct Number: Sendable, Equatable {
        let column: String
        let mean: Double
        /// Of the whole, not of a sample; 1 where all are the same.
        let deviation: Double
        /// Whether it was missing anywhere, so that there is a flag that says so.
        let hasMissing: Bool
        /// The edges of the bins, ascending; empty where there are none.
        let edges: [Double]

        /// How many values it becomes.
        var width: Int { 1 + max(0, edges.count - 1) + (hasMissing ? 1 : 0) }

        /// What a number becomes; a missing one stands at the mean.
        func append(_ value: Double?, to row: inout [Float]) {
            let known = value ?? mean
            row.append(Float((known - mean) / deviation))
            for (low, high) in zip(edges, edges.dropFirst()) {
                row.append(Float(min(1, max(0, (known - low) / (high - low)))))
            }
            if hasMissing { row.append(value == nil ? 1 : 0) }
        }
    }

    /// A column of categories.
    struct Category: Sendable, Equatable {
        let column: String
        /// Those that have a place of their own, in order.
        let values: [String]
        /// Whether there were rarer ones, which share a place behind these, and new ones with them.
        let hasOthers: Bool
        /// Whether it was empty anywhere, so that there is a place for that, the last.
        let hasMissing: Bool

        /// How many values it becomes.
        var width: Int { values.count + (hasOthers ? 1 : 0) + (hasMissing ? 1 : 0) }

        /// The place of a category; nil where it is new, and nothing stands for new ones.
        func place(_ value: String?, in places: [String: Int]) -> Int? {
            guard let value else { return hasMissing ? width - 1 : nil }
            return places[value] ?? (hasOthers ? values.count : nil)
        }
    }

    let numbers: [Number]
    let categories: [Category]
    /// By category column, the place of each value.
    private let places: [[String: Int]]
    private let known: Set<String>

    init(numbers: [Number], categories: [Category]) {
        (self.numbers, self.categories) = (numbers, categories)
        places = categories.map { Dictionary(uniqueKeysWithValues: $0.values.enumerated().map { ($1, $0) }) }
        known = Set(numbers.map(\.column) + categories.map(\.column))
    }

    /// All columns, the numbers first.
    var columns: [String] { numbers.map(\.column) + categories.map(\.column) }
    /// How many values numbers become.
    var numberWidth: Int { numbers.reduce(0) { $0 + $1.width } }
    /// How many values a row becomes.
    var width: Int { numberWidth + categories.reduce(0) { $0 + $1.width } }

    /// What the numbers of a row become, and the place of each category: nil where it is new.
    ///
    /// - Throws: `DecodeError` where a cell is of no column that is known, or no number where one is expected.
    func encode(_ row: TableRow) throws -> (numbers: [Float], places: [Int?]) {
        if let unknown = row.cells.keys.filter({ !known.contains($0) }).min() {
            let near = nearest(to: unknown, in: known).map { "; did you mean \($0)?" } ?? ""
            throw DecodeError(
                path: unknown, reason: "is none of the table's columns, \(known.sorted().joined(separator: ", "))\(near)")
        }
        var values: [Float] = []
        for number in numbers { number.append(try row.number(number.column), to: &values) }
        return (values, zip(categories, places).map { $0.place(row.cells[$0.column], in: $1) })
    }

    /// The same as one row of values, categories one-hot: `[width]`.
    func values(_ row: TableRow) throws -> [Float] {
        let (numbers, places) = try encode(row)
        return numbers
            + zip(categories, places).flatMap { category, place in (0..<category.width).map { $0 == place ? 1 : 0 } }
    }

    /// The columns, in a line.
    var summary: String {
        let columns = numbers.map { "\($0.column) (\($0.edges.isEmpty ? "" : "\($0.edges.count - 1) bins, ")number)" }
        return (columns + categories.map { "\($0.column) (\($0.values.count) categories)" })
            .joined(separator: ", ")
    }
}

extension TableEncoding {
    /// Fits all columns.
    ///
    /// - Throws: `BraidError` that lists the columns which have no value in any row.
    init(_ rows: [TableRow], _ columns: TableColumns, _ settings: TableSettings, _ modality: Modality) throws {
        var faults: [Fault] = []
        var (numbers, categories): ([Number], [Category]) = ([], [])
        for column in columns.numbers {
            let found = try rows.map { try $0.number(column) }
            let bins = settings.form == .quantile ? settings.bins : 0
            if let number = Number(column, found, bins: bins) { numbers.append(number) } else { faults.append(Self.empty(column)) }
        }
        for column in columns.categories {
            let category = Category(column, rows.map { $0.cells[column] }, most: settings.maxCategories)
            if category.values.isEmpty { faults.append(Self.empty(column)) } else { categories.append(category) }
        }
        guard faults.isEmpty else {
            throw BraidError(
                .badData,
                faults: [Fault("modalities.\(modality): of \(counted(rows.count, "train row")) that have any cell:")] + faults)
        }
        self.init(numbers: numbers, categories: categories)
    }

    private static func empty(_ column: String) -> Fault { Fault("none has a value; leave the column out", field: column) }
}

extension TableEncoding.Number {
    /// - Returns: nil where no row has a value.
    init?(_ column: String, _ found: [Double?], bins: Int) {
        let values = found.compactMap { $0 }.sorted()
        guard !values.isEmpty else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0) { $0 + $1 / count }
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / count }
        // As scikit-learn: what differs by rounding alone is one value.
        let isConstant = variance.squareRoot() <= 10 * Double.ulpOfOne * abs(mean) || variance == 0
        let edges = bins > 0 && !isConstant ? Self.quantiles(values, bins) : []
        self.init(
            column: column, mean: mean, deviation: isConstant ? 1 : variance.squareRoot(),
            hasMissing: values.count < found.count, edges: edges.count > 1 ? edges : [])
    }

    /// The different ones of the `bins` + 1 evenly spaced quantiles, interpolated linearly between values.
    private static func quantiles(_ sorted: [Double], _ bins: Int) -> [Double] {
        let all = (0...bins).map { index -> Double in
            let place = Double(sorted.count - 1) * Double(index) / Double(bins)
            let low = Int(place)
            let high = min(low + 1, sorted.count - 1)
            return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
        }
        return all.enumerated().filter { $0 == 0 || $1 > all[$0 - 1] }.map(\.element)
    }
}

extension TableEncoding.Category {
    init(_ column: String, _ found: [String?], most: Int) {
        let counts = Dictionary(found.compactMap { $0.map { ($0, 1) } }, uniquingKeysWith: +)
        // The most frequent first; of equal ones the first by name.
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        let hasOthers = ranked.count > most
        self.init(
            column: column, values: (hasOthers ? Array(ranked.prefix(most - 1)) : ranked).sorted(), hasOthers: hasOthers,
            hasMissing: found.contains(nil))
    }
}
