import BraidSupport
import Foundation
import TestSupport
import Testing

@testable import Braid

/// Files of a model's folder that are missing, empty, or say what another file contradicts: each is refused by its name, or noted.
@Suite struct DamagedModelTests {
    private let folder: TemporaryFolder
    private var model: URL { folder.url.appendingPathComponent("run/model") }

    /// A model of two columns.
    init() throws {
        folder = try TemporaryFolder()
        let rows = (0..<32).map {
            "\($0),\($0 % 2 == 0 ? 10 : 40),\(["Tabby", "Beagle"][$0 / 2 % 2]),\($0 % 2 == 0 ? "yes" : "no")"
        }
        try folder.write((["id,age,breed,label"] + rows).joined(separator: "\n") + "\n", as: "manifest.csv")
        let yaml = """
            modalities: {tabular: {numbers: [age], categories: [breed]}}
            fusion: {type: concat, dim: 8}
            training: {epochs: 1}
            """
        let configuration = try Configuration.parse(yaml, folder: folder.url)
        _ = try Training(configuration, into: RunFolder(folder.url.appendingPathComponent("run")))(resume: false)
    }

    /// What opening the model says once `name` holds what `change` makes of it; nil where it opens.
    private func refusal(_ name: String, _ change: (String) -> String?) throws -> String? {
        let file = model.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        defer { try? text.write(to: file, atomically: true, encoding: .utf8) }
        try FileManager.default.removeItem(at: file)
        if let changed = change(text) {
            #expect(changed != text)
            try changed.write(to: file, atomically: true, encoding: .utf8)
        }
        do { _ = try ModelFolder.read(folder.url.appendingPathComponent("run")) } catch { return "\(error)" }
        return nil
    }

    @Test func whatIsMissingOrEmptyIsNamed() throws {
        #expect(
            try refusal("model.json") { _ in nil }
                == "\(model.path): model.json is missing; copy the folder once more, or train again with braid train")
        #expect(try refusal("model.json") { _ in "" } == "\(model.path)/model.json: is not a JSON object")
        #expect(
            try refusal("rows.tsv") { _ in "" } == "\(model.path)/rows.tsv: has no row, and every training has some")
        #expect(try refusal("tabular/config.json") { _ in "" } == "\(model.path)/tabular/config.json: is not a JSON object")
        #expect(try refusal("model.json") { $0 + " " } == nil)
    }

    @Test func aSettingThatWasLeftOutIsNoDefault() throws {
        #expect(
            try refusal("model.json") { $0.replacing(/"type" : "concat",?/, with: "") }
                == "\(model.path)/model.json: settings: fusion.type is missing")
        let column = "column that tabular/config.json was fitted on"
        for (pattern, name) in [(/"numbers" : \[\s*"age"\s*\]/, "age"), (/"categories" : \[\s*"breed"\s*\]/, "breed")] {
            #expect(
                try refusal("model.json") { text in text.replacing(pattern) { $0.output.replacing(name, with: "other") } }
                    == "\(model.path)/model.json: settings: modalities.tabular does not name \(name), a \(column)")
        }
    }

    @Test func numbersAreNumbersThatFloat32Holds() throws {
        for value in ["true", "1e39", "\"1\""] {
            let found = try refusal("tabular/config.json") {
                $0.replacing(/"deviation" : [0-9.]+/, with: "\"deviation\" : \(value)")
            }
            #expect(found == "\(model.path)/tabular/config.json: numbers: deviation must be a number that float32 holds")
        }
        let edges = try refusal("tabular/config.json") { $0.replacing("\"edges\"", with: "\"wedges\"") }
        #expect(edges?.contains("config.json: numbers: edges is missing") == true, "\(edges ?? "opened")")
        let epsilon = try JSONObject(text: #"{"eps": -1, "none": 0}"#, path: "f")
        #expect(throws: BraidError.self) { try epsilon.positive("eps") }
        #expect(throws: BraidError.self) { try epsilon.positive("none") }
        #expect(try epsilon.positive("layer_norm_eps", 1e-12) == 1e-12)
        let json = try JSONObject(text: #"{"size": true, "sizes": [1, true], "flag": true, "whole": 3.0}"#, path: "f")
        #expect(throws: BraidError.self) { try json.int("size") }
        #expect(throws: BraidError.self) { try json.ints("sizes") }
        #expect(try json.bool("flag") && json.int("whole") == 3)
    }

    @Test func aModelThatKnowsNoRowsIsSaid() throws {
        try FileManager.default.removeItem(at: model.appendingPathComponent("rows.tsv"))
        let noted = NotedReporter()
        _ = try Inference(
            model: folder.url.appendingPathComponent("run"), manifest: folder.url.appendingPathComponent("manifest.csv"),
            rows: .all,
            needsLabels: true, Inference.Options(device: .cpu, reporter: noted))
        #expect(noted.notes.contains { $0.hasPrefix("the model has no rows.tsv") })
    }
}
