import Foundation
import TestSupport
import Testing

@testable import Braid
@testable import BraidSupport

/// Parquet files, against what pyarrow reads of them: scripts/references/parquet_manifests.py.
@Suite struct ParquetTests {
    /// What `fixtures/reports/parquet/NAME.json` says.
    private func expected(_ name: String) throws -> (columns: [String: String], rows: [[String: Any]]) {
        let data = try Data(contentsOf: Fixtures.url("reports/parquet/\(name).json"))
        let root = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        return (
            try #require(root["columns"] as? [String: String]), try #require(root["rows"] as? [[String: Any]])
        )
    }

    private func read(_ name: String) throws -> [RawRow] {
        var rows: [RawRow] = []
        var reader = RowReader(Fixtures.url("reports/parquet/\(name).parquet"))
        try reader.read { rows.append($0) }
        #expect(reader.faults.isEmpty)
        #expect(Set(reader.columns) == Set(try expected(name).columns.keys))
        return rows
    }

    @Test(arguments: ["types", "paths", "embedded"]) func cellsAreWhatTheFileHolds(_ name: String) throws {
        let (columns, rows) = try expected(name)
        let found = try read(name)
        #expect(found.count == rows.count)
        for (row, wanted) in zip(found, rows) {
            for (column, type) in columns {
                let cell = try #require(row.cells[column])
                switch (type, wanted[column]) {
                case ("text", let text as String): #expect(cell == text)
                case ("boolean", let truth as Bool): #expect(cell == (truth ? "true" : "false"))
                case ("float", let number as Double): #expect(Double(cell) == number)
                case ("integer", let number as Int) where column != "label": #expect(cell == "\(number)")
                case ("list", let names as [String]): #expect(NameList.names(in: cell) == names)
                case ("media", let fields as [String: Any]):
                    #expect(row.media[column] == (fields["bytes"] as? String).flatMap { Data(base64Encoded: $0) })
                    #expect(cell == fields["path"] as? String ?? "")
                case ("binary", let bytes as String): #expect(row.media[column] == Data(base64Encoded: bytes))
                case (_, is NSNull): #expect(cell.isEmpty && row.media[column] == nil)
                default: break
                }
            }
        }
    }

    @Test func numbersOfClassesAreTheirNames() throws {
        let labels = Set(try read("embedded").compactMap { $0.cells["label"] }.filter { !$0.isEmpty })
        #expect(!labels.isEmpty && labels.isSubset(of: ["no", "yes", "größer"]))
    }

    @Test func mediaInTheFileAreDecodedAndProposed() throws {
        let url = Fixtures.url("reports/parquet/embedded.parquet")
        let samples = try Manifest.read(url, needsLabels: false, onBadSample: .skip).samples
        let pictures = samples.compactMap { $0.media[.image] }
        #expect(!pictures.isEmpty)
        #expect(pictures.contains { $0.url == nil } && pictures.contains { $0.url != nil })
        for picture in pictures where picture.url == nil { #expect(try ImageDecoder.decode(picture).width > 0) }
        for sound in samples.compactMap({ $0.media[.audio] }) where sound.url == nil {
            #expect(try !AudioDecoder.decode(sound).samples.isEmpty)
        }
        let yaml = try ConfigurationProposal.yaml(for: url, relativeTo: url.deletingLastPathComponent())
        #expect(yaml.contains("  image: {") && yaml.contains("  audio: {") && yaml.contains("  text: {"))
    }

    /// As in a file of text: before a cell is copied it is held against the limits, its row too, and a medium against that of media.
    @Test func largeCellsEndTheReading() throws {
        let types = Fixtures.url("reports/parquet/paths.parquet")
        func error(_ url: URL, _ change: (inout DelimitedParser.Bounds) -> Void, medium: Int = 1_000_000) -> String {
            var bounds = DelimitedParser.Bounds()
            change(&bounds)
            do {
                try ParquetRows(url, bounds: bounds, mediumBytes: medium).read { _ in }
                return ""
            } catch { return "\(error)".replacing(url.path, with: "F") }
        }
        #expect(error(types) { _ in }.isEmpty)
        #expect(error(types) { $0.cellBytes = 40 }.hasPrefix("F:6: text: a cell of more than 40 bytes; the limit cell-bytes is 40"))
        // Of a list all items together.
        #expect(error(types) { $0.cellBytes = 12 }.hasPrefix("F:1: tags: "))
        #expect(error(types) { $0.rowBytes = 60 }.hasPrefix("F:6: a row of more than 60 bytes; the limit row-bytes is 60"))
        #expect(error(types) { $0.columns = 7 }.hasPrefix("F: 8 columns; the limit columns is 7"))
        let embedded = Fixtures.url("reports/parquet/embedded.parquet")
        #expect(error(embedded) { _ in }.isEmpty)
        #expect(error(embedded, { _ in }, medium: 60).contains(" bytes; the limit media-bytes is 60"))
    }

    @Test func cutFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        let whole = try Data(contentsOf: Fixtures.url("reports/parquet/embedded.parquet"))
        for part in 0..<10 {
            let url = folder.url.appendingPathComponent("cut\(part).parquet")
            try whole.prefix(whole.count * part / 10).write(to: url)
            let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
            #expect(error?.description.contains("cut\(part).parquet: the manifest cannot be read: ") == true)
        }
    }
}

/// Manifests compressed by Zstandard; those by gzip are in MessyManifestTests.
@Suite struct ZstandardTests {
    /// `id,text,label\n1,one,a\n2,two,b\n`: made by `zstd -c`.
    private static let packed = "KLUv/QRY8QAAaWQsdGV4dCxsYWJlbAoxLG9uZSxhCjIsdHdvLGIK0udbcA=="

    @Test func rowsAreReadAndCutsNamed() throws {
        let folder = try TemporaryFolder()
        let data = try #require(Data(base64Encoded: Self.packed))
        let url = folder.url.appendingPathComponent("m.csv.zst")
        try data.write(to: url)
        #expect(try Manifest.read(url).samples.compactMap(\.label) == ["a", "b"])
        try data.prefix(data.count - 3).write(to: url)
        let error = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(error?.description.contains("its compression is damaged: it ends early") == true)
        try Data("id,text,label\n1,one,a\n".utf8).write(to: url)
        let plain = #expect(throws: BraidError.self) { try Manifest.read(url) }
        #expect(plain?.description.contains("its compression is damaged") == true)
    }
}
