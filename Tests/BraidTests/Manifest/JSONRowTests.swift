import Foundation
import Testing

@testable import Braid

/// Rows that are read in one pass are what `JSONSerialization` makes of them.
@Suite struct JSONRowTests {
    private static func fast(_ text: String) -> [String: String]? {
        Array(text.utf8).withUnsafeBytes { bytes in
            guard let row = try? JSONRow(bytes, mostBytes: 1000) else { return nil }
            let keys = row.keys.map { String(decoding: row.key($0), as: UTF8.self) }
            return Dictionary(zip(keys, row.cells)) { _, last in last }
        }
    }

    private static func slow(_ text: String) -> [String: String]? {
        guard let object = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] else { return nil }
        var cells: [String: String] = [:]
        for (key, value) in object {
            switch value {
            case let text as String: cells[key] = text
            case let number as NSNumber:
                let isTruth = number.objCType.pointee == CChar(UInt8(ascii: "c"))
                cells[key] = isTruth ? (number.boolValue ? "true" : "false") : number.stringValue
            case is NSNull: cells[key] = ""
            case let list as [Any]:
                guard let text = NameList.text(of: list) else { return nil }
                cells[key] = text
            default: return nil
            }
        }
        return cells
    }

    private static let values = [
        "0", "-0", "7", "-12", "123456789012345678", "1234567890123456789", "12345678901234567890", "1.0", "1.50", "-2.5e3", "1e6",
        "1E-7",
        "1e400", "0.1", "3.14159265358979312", "true", "false", "null", "\"\"", "\"plain\"", "\"gr\u{FC}n 🦊\"",
        "\"a\\\"b\\\\c\\/d\"",
        "\"\\b\\f\\n\\r\\t\"", "\"\\u00e9\\u0041\"", "\"\\ud83e\\udd8a\"", "\"\\u0000\"", "[]", "[\"a\", \"b|c\"]",
        "[1, 2.5, \"x\"]",
        "[\"]\", \"\\\"[\"]", " 5 ", "\t\"x\"\r",
    ]

    @Test(arguments: values) func valuesAreTheSame(_ value: String) throws {
        let text = "{\"key\": \(value), \"b\":1}"
        #expect(Self.fast(text) == Self.slow(text), "\(value)")
        #expect(Self.fast(text) != nil || value == "1e400", "\(value)")
    }

    /// What is read in one pass at all, so that the comparison is of something.
    @Test func theCommonFormsTakeOnePass() {
        for value in ["12", "\"x\"", "\"a\\nb\"", "null", "true", "[\"a\"]", "1.5"] {
            #expect(Self.fast("{\"a\":\(value)}") != nil, "\(value)")
        }
        #expect(Self.fast(" { } ") == [:])
    }

    @Test(arguments: [
        "", "{", "}", "{}x", "[]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":NaN}", "{\"a\":tru}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\u{1}\"}",
        "{\"a\":[1,{}]}",
        "{\"a\":[1}", "{\"a\":{\"b\":1}}", "{\"a\\n\":1}", "{\"a\":\"x}", "{\"a\":1 \"b\":2}", "\u{FEFF}{\"a\":1}", "{\"a\":-}",
    ])
    func anythingElseIsLeftToTheSlowReader(_ text: String) { #expect(Self.fast(text) == nil, "\(text)") }

    @Test func bytesThatAreNoUTF8AreNotReadNorLongLists() throws {
        let bytes = Array("{\"a\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8)
        #expect(try bytes.withUnsafeBytes { try JSONRow($0, mostBytes: 100) == nil })
        let list = Array("{\"a\":[1,2,3,4,5]}".utf8)
        #expect(throws: JSONRow.TooLong.self) { try list.withUnsafeBytes { try JSONRow($0, mostBytes: 5)?.cells } }
    }
}
