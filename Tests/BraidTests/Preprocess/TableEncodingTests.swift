import Foundation
import TestSupport
import Testing

@testable import Braid

@Suite struct TableEncodingTests {
    private struct Reference: Decodable {
        let train: Int
        let bins: Int
        let most: Int
        let numbers: [String]
        let categories: [String]
        let rows: [[String: String]]
        let expected: [String: [[Double]]]
    }

    private let reference: Reference

    init() throws { reference = try Fixtures.json("tabular.json") }

    private func fitted(_ form: String) throws -> TableEncoding {
        let keys = "modalities: {tabular: {encoding: \(form), max_categories: \(reference.most)"
        let bins = form == "quantile" ? ", bins: \(reference.bins)" : ""
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "\(keys)\(bins)}}", file: "test"))
        let settings = TableSettings(&reader, "modalities.tabular", encoder: nil, isFitted: true)
        try reader.check()
        let columns = TableColumns(numbers: reference.numbers, categories: reference.categories)
        let rows = reference.rows.prefix(reference.train).map { TableRow($0) }
        return try #require(try settings.fitted(on: rows, columns, .tabular).encoding)
    }

    @Test(arguments: ["standard", "quantile"]) func rowsAreWhatScikitLearnMakesOfThem(_ form: String) throws {
        let encoding = try fitted(form)
        let expected = try #require(reference.expected[form])
        for (row, wanted) in zip(reference.rows, expected) {
            let values = try encoding.values(TableRow(row))
            #expect(values.count == wanted.count)
            for (value, want) in zip(values, wanted) { #expect(abs(Double(value) - want) < 1e-5) }
        }
    }

    @Test func aFitIsTheSameFromItsFile() throws {
        let encoding = try fitted("quantile")
        let data = try JSONSerialization.data(withJSONObject: encoding.fields)
        let fields = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let read = try TableEncoding(JSONObject(fields, path: "config.json"))
        #expect(read.categories == encoding.categories && read.summary == encoding.summary)
        for row in reference.rows.map({ TableRow($0) }) {
            for (value, want) in zip(try read.values(row), try encoding.values(row)) { #expect(abs(value - want) < 1e-6) }
        }
        for (key, value) in [("numbers", [["column": "age"]] as Any), ("numbers", "age"), ("categories", [["column": 3]])] {
            #expect(throws: BraidError.self) {
                try TableEncoding(JSONObject(fields.merging([key: value]) { $1 }, path: "config.json"))
            }
        }
    }

    @Test func aRowIsItsCellsWhateverTheirOrder() throws {
        let row = TableRow(["b": " 2 ", "a": "x", "c": "  "])
        #expect(row.text == "{\"a\":\"x\",\"b\":\"2\"}")
        #expect(TableRow(["a": " "]).text == nil)
        #expect(try TableRow(.inline("{\"b\": 2, \"a\": \"x\", \"c\": null}")) == row)
        #expect(throws: DecodeError.self) { try TableRow(.inline("2, x")) }
        #expect(throws: DecodeError.self) { try TableRow(.inline("{\"a\": [1]}")) }
    }

    @Test(arguments: ["NaN", "n/a", "?", "", " "]) func whatSaysThatThereIsNoNumberIsMissing(_ cell: String) throws {
        #expect(TableRow.fault(ofNumber: cell) == nil)
        #expect(try TableRow(["a": cell]).number("a") == nil)
    }

    @Test(arguments: ["1,5", "twelve", "inf", "1e999", "0x"]) func whatIsNoNumberIsAFault(_ cell: String) throws {
        #expect(TableRow.fault(ofNumber: cell)?.contains("\"\(cell)\" is not a number") == true)
        #expect(throws: DecodeError.self) { try TableRow(["a": cell]).number("a") }
    }

    @Test func cellsOfOtherColumnsAreRefused() throws {
        let error = try #require(throws: DecodeError.self) { try fitted("standard").values(TableRow(["agee": "3"])) }
        #expect("\(error)".contains("did you mean age?"))
    }
}
