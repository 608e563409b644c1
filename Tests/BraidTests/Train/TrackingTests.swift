import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// What trackers are told; scripts/tracking_check.py reads it back with TensorBoard's and MLflow's own packages.
@Suite struct TrackingTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    private func read(_ name: String) throws -> String {
        try String(contentsOf: small.folder.url.appendingPathComponent(name), encoding: .utf8)
    }

    // MARK: - TensorBoard

    /// The plugin's own definition: at threshold t what scores t or more is taken for positive.
    @Test func curvesCountAtEveryThreshold() {
        let scores: [Float] = [0, 0.1, 0.25, 0.25, 0.5, 0.74, 0.75, 1]
        let truth = [false, true, false, true, true, false, true, true]
        let curve = PRCurve(tag: "c", scores: scores, truth: truth, thresholds: 5)
        for (place, threshold) in [Float(0), 0.25, 0.5, 0.75, 1].enumerated() {
            let hits = zip(scores, truth).count { $0 >= threshold && $1 }
            let alarms = zip(scores, truth).count { $0 >= threshold && !$1 }
            let found = curve.rows.map { $0[place] }
            #expect(
                found[0] == Float(hits) && found[1] == Float(alarms) && found[2] == Float(3 - alarms) && found[3] == Float(5 - hits)
            )
            #expect(abs(found[4] - Float(hits) / Float(hits + alarms)) < 1e-6 && abs(found[5] - Float(hits) / 5) < 1e-6)
        }
    }

    @Test func theProjectorHasARowASample() throws {
        try small.train("run", ["tracking.projector=4"])
        let tensors = try read("run/projector/tensors.tsv").split(separator: "\n").map { $0.split(separator: "\t") }
        let names = try read("run/projector/metadata.tsv").split(separator: "\n").map { $0.split(separator: "\t") }
        #expect(tensors.count == 4 && Set(tensors.map(\.count)) == [16])
        #expect(names.count == 5 && names[0] == ["id", "label", "prediction"])
        // The same values as the export's.
        let session = try small.inference("run")
        let fused = try session.model.fused(session.dataset).array() as [Float]
        let first = try #require(session.samples.firstIndex { $0.id == names[1][0] })
        #expect(tensors[0].compactMap { Float($0) } == Array(fused[first * 16..<(first + 1) * 16]))
        #expect(try read("run/projector_config.pbtxt").contains("tensor_path: \"projector/tensors.tsv\""))
        try small.train("none", ["tracking.projector=0"])
        #expect(!FileManager.default.fileExists(atPath: small.folder.url.appendingPathComponent("none/projector").path))
    }

    // MARK: - MLflow

    private struct Asked {
        let method: String
        let path: String
        let body: [String: Any]
        let authorization: String?
    }

    /// A server of a test's own; it ends with the pipe to its standard input.
    private final class Server {
        let address: String
        private let input = Pipe()

        init() throws {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../../TestSupport/mlflow_server.py").standardizedFileURL
            let (process, output) = (Process(), Pipe())
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["python3", script.path]
            (process.standardInput, process.standardOutput) = (input, output)
            try process.run()
            address = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines)
        }

        deinit { try? input.fileHandleForWriting.close() }

        func log() throws -> [Asked] {
            let data = try Data(contentsOf: #require(URL(string: "\(address)/_log")))
            let list = try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
            return list.map {
                Asked(
                    method: $0["method"] as? String ?? "", path: $0["path"] as? String ?? "",
                    body: $0["body"] as? [String: Any] ?? [:],
                    authorization: $0["authorization"] as? String)
            }
        }
    }

    private func metrics(_ log: [Asked]) -> [(name: String, step: Int, value: Double)] {
        log.flatMap { $0.body["metrics"] as? [[String: Any]] ?? [] }.map {
            ($0["key"] as? String ?? "", $0["step"] as? Int ?? -1, $0["value"] as? Double ?? .nan)
        }
    }

    @Test func mlflowIsToldWhatTheRunFolderHolds() throws {
        let server = try Server()
        let outcome = try small.train("run", ["tracking.mlflow=\(server.address)", "tracking.experiment=digits"])
        let log = try server.log()
        let figures = metrics(log)
        for record in outcome.history {
            #expect(
                figures.contains { $0.name == "loss/train" && $0.step == record.epoch && abs($0.value - record.trainLoss) < 1e-12 })
            let accuracy = try #require(record.val["accuracy"])
            #expect(figures.contains { $0.name == "val/accuracy" && $0.step == record.epoch && abs($0.value - accuracy) < 1e-12 })
        }
        #expect(figures.contains { $0.name == "test/accuracy" })
        let parameters = log.flatMap { $0.body["params"] as? [[String: String]] ?? [] }
        #expect(parameters.contains { $0["key"] == "training.epochs" && $0["value"] == "3" })
        #expect(!parameters.contains { $0["value"]?.contains(small.folder.url.lastPathComponent) == true })
        #expect(log.contains { $0.method == "PUT" && $0.path.hasSuffix("/artifacts/report.html") })
        #expect(log.last?.body["status"] as? String == "FINISHED")
    }

    @Test func aResumedTrainingGoesOnWithItsRun() throws {
        struct Stop: Error {}
        let server = try Server()
        let keys = ["tracking.mlflow=\(server.address)"]
        #expect(throws: Stop.self) { try small.train("run", keys) { if $0 == 2 { throw Stop() } } }
        #expect(try server.log().last?.body["status"] as? String == "KILLED")
        try small.train("run", keys, resume: true)
        let log = try server.log()
        #expect(log.count { $0.path.hasSuffix("runs/create") } == 1)
        #expect(log.last?.body["status"] as? String == "FINISHED")
        let losses = metrics(log).filter { $0.name == "loss/train" }.map(\.step)
        #expect(losses == [1, 2, 3])
        // Where a run is watched may change.
        try small.train("other", [])
        #expect(throws: Never.self) { try small.train("other", ["training.epochs=4"] + keys, resume: true) }
    }

    @Test func aServerThatFailsEndsNoTraining() throws {
        let server = try Server()
        let reporter = NotedReporter()
        let run = RunFolder(small.folder.url.appendingPathComponent("run"))
        let configuration = try small.configuration(["tracking.mlflow=\(server.address)", "tracking.experiment=broken"])
        let outcome = try Training(configuration, into: run, reporter: reporter)()
        #expect(outcome.history.count == 3)
        let notes = reporter.notes.filter { $0.contains("MLflow") }
        #expect(notes.count == 1 && notes[0].contains("epoch 1") && notes[0].contains("the store is full"), "\(notes)")
    }

    @Test func whatCannotBeToldIsRefusedBeforeAnythingIsTrained() throws {
        let server = try Server()
        let cases: [(keys: [String], text: String)] = [
            (["tracking.mlflow=http://127.0.0.1:9"], "127.0.0.1:9"),
            (["tracking.mlflow=\(server.address)", "tracking.experiment=secret"], "MLFLOW_TRACKING_TOKEN"),
            (["tracking.mlflow=here"], "http://"), (["tracking.mlflow=http://me:hunter2@127.0.0.1"], "MLFLOW_TRACKING_USERNAME"),
            (["tracking.experiment=x"], "acts only with tracking.mlflow"),
        ]
        for (keys, text) in cases {
            let error = #expect(throws: BraidError.self) { try small.train("refused", keys) }
            #expect(error?.description.contains(text) == true, "\(keys): \(error?.description ?? "")")
            #expect(error?.description.contains("hunter2") != true)
            try? FileManager.default.removeItem(at: small.folder.url.appendingPathComponent("refused"))
        }
        #expect(MLflowTracker.authorization(["MLFLOW_TRACKING_TOKEN": "t"]) == "Bearer t")
        #expect(MLflowTracker.authorization(["MLFLOW_TRACKING_USERNAME": "a", "MLFLOW_TRACKING_PASSWORD": "b"]) == "Basic YTpi")
        #expect(MLflowTracker.authorization([:]) == nil)
    }
}
