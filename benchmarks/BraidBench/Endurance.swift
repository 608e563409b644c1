import Braid
import Foundation

/// What a process holds after a round of work.
struct Holdings: Encodable {
    let round: Int
    /// Since the first round began.
    let seconds: Double
    /// Resident memory now, in bytes.
    let resident: Int
    /// Open descriptors.
    let descriptors: Int
    let threads: Int
    /// The round's accuracy on the test split: the same every time, for all rounds have one seed.
    let accuracy: Double?
}

/// CONFIG MANIFEST SECONDS FOLDER [KEY=VALUE …]: trains, evaluates and embeds in one process, round after round, until the time is over, and prints what
/// the process holds after each.
func endure(_ config: String, _ manifest: String, seconds: Double, in folder: String, _ overrides: [String]) throws {
    let configuration = try Configuration.read(URL(fileURLWithPath: config), overrides: overrides)
    let rows = URL(fileURLWithPath: manifest)
    let place = URL(fileURLWithPath: folder)
    let clock = ContinuousClock()
    let start = clock.now
    var round = 0
    while start.duration(to: clock.now) < .seconds(seconds) {
        round += 1
        let run = place.appendingPathComponent("run")
        let outcome = try Training(configuration, into: RunFolder(run))()
        let options = Inference.Options(reporter: SilentReporter(), cachesEmbeddings: false)
        let session = try Inference(model: run, manifest: rows, rows: .all, needsLabels: true, options)
        try Report(session.predict(), title: "round \(round)", rows: session.rowUse).write(
            to: RunFolder(place.appendingPathComponent("evaluation")))
        let export = try EmbeddingExport(
            configuration: configuration, manifest: rows, modalities: Set(configuration.modalities.keys), options)
        try export.write(to: .init(place.appendingPathComponent("embeddings"), format: .npy, partSize: 64))
        for name in ["run", "evaluation", "embeddings"] {
            try FileManager.default.removeItem(at: place.appendingPathComponent(name))
        }
        try emit(
            Holdings(
                round: round, seconds: start.duration(to: clock.now) / .seconds(1), resident: residentMemory(),
                descriptors: count("/proc/self/fd"), threads: count("/proc/self/task"),
                accuracy: outcome.test?.allScores()["accuracy"]))
    }
}

/// The process's resident memory now, in bytes.
private func residentMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return (status.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

private func count(_ folder: String) -> Int { (try? FileManager.default.contentsOfDirectory(atPath: folder).count) ?? 0 }
