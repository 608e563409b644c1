/// The columns of a manifest that a table is made of, by the file's own names.
public struct TableColumns: Sendable, Hashable {
    /// Columns of numbers.
    public let numbers: [String]
    /// Columns of categories.
    public let categories: [String]

    /// Makes one from its parts.
    public init(numbers: [String] = [], categories: [String] = []) { (self.numbers, self.categories) = (numbers, categories) }

    /// All of them, the numbers first.
    public var all: [String] { numbers + categories }

    /// Reads the keys of the table at `path`; nil where none is given.
    init?(_ reader: inout ConfigurationReader, _ path: String) {
        let numbers = reader.strings("\(path).numbers", "Columns of numbers, by the manifest's own names.")
        let categories = reader.strings("\(path).categories", "Columns of categories, by the manifest's own names.")
        self.init(numbers: numbers, categories: categories)
        reader.idle(["\(path).numbers", "\(path).categories"], unless: reader.has(path), "acts only with a table")
        guard reader.has(path) else { return nil }
        if all.isEmpty { reader.fault("names no column; list some under numbers or categories", path) }
        var met: Set<String> = []
        let inCategories = Set(categories)
        for column in all where !met.insert(column).inserted {
            reader.fault(
                "column \(column) is listed twice", "\(path).\(inCategories.contains(column) ? "categories" : "numbers")")
        }
    }
}
