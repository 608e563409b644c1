internal import BraidHub
internal import Foundation

/// Tells an MLflow server of a training, by its REST API (https://mlflow.org/docs/latest/rest-api.html).
///
/// The run's id is kept in `mlflow.json`, so that a training that is resumed goes on with the same run, and logs no epoch twice.
final class MLflowTracker: Tracker {
    let name = "MLflow"
    let isRemote = true

    /// What `mlflow.json` holds.
    private struct Place: Codable {
        let experiment: String
        let run: String
        /// Where the server keeps files.
        let artifacts: String
        /// How many epochs it has.
        var epochs: Int
    }

    private let service: JSONService
    private let file: URL
    private var place: Place

    private static let api = "api/2.0/mlflow"
    private static let mostParameters = 100
    private static let longestValue = 500

    /// - Returns: nil where the settings name no server.
    /// - Throws: `BraidError` where the server does not answer, or refuses.
    init?(_ settings: TrackingSettings, _ run: TrackedRun) throws {
        guard let address = settings.mlflow else { return nil }
        service = JSONService(address, authorization: Self.authorization(ProcessInfo.processInfo.environment))
        file = run.folder.file("mlflow.json")
        let kept = run.resumes ? try JSONText.record(file, as: Place.self) : nil
        if let kept {
            place = kept
            try call("runs/update", ["run_id": kept.run, "status": "RUNNING"])
            return
        }
        // Filled in below: the calls need the service.
        place = Place(experiment: "", run: "", artifacts: "", epochs: 0)
        let experiment = try experiment(settings.experiment)
        let facts = [("mlflow.source.name", "braid"), ("mlflow.source.type", "JOB")] + run.facts.map { ($0.name, $0.value) }
        let made = try call(
            "runs/create",
            [
                "experiment_id": experiment, "run_name": run.folder.url.lastPathComponent, "start_time": Self.now,
                "tags": facts.map { ["key": $0.0, "value": Self.cut($0.1)] },
            ])
        guard let info = (made["run"] as? [String: Any])?["info"] as? [String: Any], let id = info["run_id"] as? String else {
            throw BraidError(.unavailable, "tracking.mlflow: the server made a run without an id; is it an MLflow server?")
        }
        place = Place(experiment: experiment, run: id, artifacts: info["artifact_uri"] as? String ?? "", epochs: 0)
        try keep()
        for start in stride(from: 0, to: run.parameters.count, by: Self.mostParameters) {
            let part = run.parameters[start..<min(start + Self.mostParameters, run.parameters.count)]
            try call(
                "runs/log-batch",
                ["run_id": id, "params": part.map { ["key": $0.name, "value": Self.cut($0.value)] }])
        }
    }

    func log(_ record: EpochRecord) throws {
        guard record.epoch > place.epochs else { return }
        try send(record.scalars, step: record.epoch)
        place.epochs = record.epoch
        try keep()
    }

    func finish(_ end: TrackedEnd) throws {
        if let test = end.test {
            try send(try test.allScores().sorted { $0.key < $1.key }.map { ("test/\($0.key)", $0.value) }, step: place.epochs)
        }
        for file in end.files { try upload(file) }
        try call("runs/update", ["run_id": place.run, "status": "FINISHED", "end_time": Self.now])
    }

    func abandon() {
        // The error that ends the training is what matters.
        _ = try? call("runs/update", ["run_id": place.run, "status": "KILLED", "end_time": Self.now])
    }

    /// The id of an experiment, which is made where there is none.
    private func experiment(_ name: String) throws -> String {
        let found = try service.send("GET", "\(Self.api)/experiments/get-by-name", query: [("experiment_name", name)])
        if found.isGood, let known = try Self.object(found)["experiment"] as? [String: Any],
            let id = known["experiment_id"] as? String
        {
            guard known["lifecycle_stage"] as? String != "deleted" else {
                throw BraidError(
                    .unavailable,
                    "tracking.experiment: \(Printable.name(name)) was deleted on the server; restore it, or name another")
            }
            return id
        }
        guard found.isGood || found.status == 404 else { throw Self.refusal(found, "experiments/get-by-name") }
        guard let id = try call("experiments/create", ["name": name])["experiment_id"] as? String else {
            throw BraidError(.unavailable, "tracking.mlflow: the server made an experiment without an id; is it an MLflow server?")
        }
        return id
    }

    private func send(_ figures: [(name: String, value: Double)], step: Int) throws {
        let metrics = figures.filter { $0.value.isFinite }.map { figure in
            ["key": figure.name, "value": figure.value, "timestamp": Self.now, "step": step] as [String: Any]
        }
        guard !metrics.isEmpty else { return }
        try call("runs/log-batch", ["run_id": place.run, "metrics": metrics])
    }

    /// Where the server takes files itself; where they lie elsewhere, they stay in the run folder.
    private func upload(_ file: URL) throws {
        let scheme = "mlflow-artifacts:/"
        guard place.artifacts.hasPrefix(scheme) else { return }
        let path = place.artifacts.dropFirst(scheme.count).drop { $0 == "/" }
        let type = file.pathExtension == "html" ? "text/html" : "text/plain"
        let answer = try service.send(
            "PUT", "api/2.0/mlflow-artifacts/artifacts/\(path)/\(file.lastPathComponent)", InputFile.document(file, ""), type: type)
        guard answer.isGood else { throw Self.refusal(answer, file.lastPathComponent) }
    }

    @discardableResult private func call(_ path: String, _ body: [String: Any]) throws -> [String: Any] {
        let answer = try service.send("POST", "\(Self.api)/\(path)", JSONSerialization.data(withJSONObject: body))
        guard answer.isGood else { throw Self.refusal(answer, path) }
        return try Self.object(answer)
    }

    private static func object(_ answer: JSONService.Answer) throws -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: answer.body) as? [String: Any] else {
            throw BraidError(.unavailable, "tracking.mlflow: the server's answer is no JSON object; is it an MLflow server?")
        }
        return object
    }

    private static func refusal(_ answer: JSONService.Answer, _ what: String) -> BraidError {
        let said = (try? JSONSerialization.jsonObject(with: answer.body) as? [String: Any])?["message"] as? String
        let advice =
            answer.status == 401 || answer.status == 403
            ? "; set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, in the environment"
            : answer.status == 404 ? "; is tracking.mlflow the address of an MLflow server?" : ""
        let reason = said.map { ": \(Printable.name($0))" } ?? ""
        return BraidError(
            .unavailable, "tracking.mlflow: the server answers \(what) with status \(answer.status)\(reason)\(advice)")
    }

    private func keep() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(place), to: file)
    }

    private static func cut(_ text: String) -> String { String(text.prefix(longestValue)) }

    private static var now: Int { Int(bounded: Date().timeIntervalSince1970 * 1000) }

    /// As MLflow's own clients take it from the environment.
    static func authorization(_ environment: [String: String]) -> String? {
        if let token = environment["MLFLOW_TRACKING_TOKEN"], !token.isEmpty { return "Bearer \(token)" }
        guard let user = environment["MLFLOW_TRACKING_USERNAME"], !user.isEmpty else { return nil }
        let password = environment["MLFLOW_TRACKING_PASSWORD"] ?? ""
        return "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }
}
