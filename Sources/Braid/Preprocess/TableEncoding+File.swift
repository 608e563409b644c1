extension TableEncoding {
    /// As the fields of a `config.json`.
    var fields: [String: Any] {
        [
            "numbers": numbers.map { number -> [String: Any] in
                [
                    "column": number.column, "mean": number.mean, "deviation": number.deviation, "missing": number.hasMissing,
                    "edges": number.edges,
                ]
            },
            "categories": categories.map { category -> [String: Any] in
                [
                    "column": category.column, "values": category.values, "others": category.hasOthers,
                    "missing": category.hasMissing,
                ]
            },
        ]
    }

    /// Reads what `fields` gives.
    ///
    /// - Throws: `BraidError` where a field is missing, or says what cannot be.
    init(_ json: JSONObject) throws {
        let objects = { (name: String) throws -> [JSONObject] in
            guard let list = json.fields[name] as? [[String: Any]] else {
                throw json.fault(
                    "\(name) must be a list of columns; a fit on train rows writes it (weights: \(TableSettings.fitted))")
            }
            return list.map { JSONObject($0, path: "\(json.path): \(name)") }
        }
        self.init(
            numbers: try objects("numbers").map(Self.number), categories: try objects("categories").map(Self.category))
        guard !columns.isEmpty, Set(columns).count == columns.count else {
            throw json.fault("numbers and categories must name different columns, at least one")
        }
    }

    private static func number(_ json: JSONObject) throws -> Number {
        let number = Number(
            column: try json.string("column"), mean: try json.double("mean"), deviation: try json.double("deviation"),
            hasMissing: try json.bool("missing"), edges: try json.doubles("edges"))
        guard number.mean.isFinite, number.deviation.isFinite, number.deviation > 0 else {
            throw json.fault("\(number.column): mean and deviation must be numbers, the deviation above 0")
        }
        guard number.edges.count != 1, zip(number.edges, number.edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw json.fault("\(number.column): edges must ascend, two or more of them or none")
        }
        return number
    }

    private static func category(_ json: JSONObject) throws -> Category {
        let category = Category(
            column: try json.string("column"), values: try json.strings("values"), hasOthers: try json.bool("others"),
            hasMissing: try json.bool("missing"))
        guard !category.values.isEmpty, Set(category.values).count == category.values.count else {
            throw json.fault("\(category.column): values must be different, at least one")
        }
        return category
    }
}
