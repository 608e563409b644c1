import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Methods of continual learning in whole trainings, stage after stage.
@Suite struct ContinualRunTests {
    private let small: SmallRun

    /// 48 media; `one.csv` has the first half of them as high and low, `two.csv` the second as two other classes: pictures of one with tones of the
    /// other.
    init() throws {
        small = try SmallRun()
        try small.makeData(48)
        try manifest("one.csv", 0..<24) { $0 % 2 == 0 ? "high" : "low" }
        try manifest("two.csv", 24..<48, audio: { $0 ^ 1 }) { $0 % 2 == 0 ? "bright" : "dark" }
    }

    private func manifest(
        _ name: String, _ rows: Range<Int>, audio: (Int) -> Int = { $0 }, label: (Int) -> String
    ) throws {
        let splits = ["train", "train", "val", "test"]
        let lines = rows.map { "\($0),\(splits[$0 / 2 % 4]),\($0).png,\(audio($0)).wav,\(label($0))" }
        try small.folder.write((["id,split,image,audio,label"] + lines).joined(separator: "\n") + "\n", as: name)
    }

    private func url(_ name: String) -> URL { small.folder.url.appendingPathComponent(name) }

    private func method(_ name: String, _ others: String...) -> [String] {
        (["method=\(name)"] + others).map { "training.continual.\($0)" }
    }

    private func handed(_ run: String, _ file: String) -> URL { url("\(run)/model/continual/stages/\(file)") }

    private struct Rows: Decodable {
        let rows: [RememberedRow]
        let known: [[Int]]
    }

    private func memory(of run: String) throws -> (file: SafetensorsFile, rows: Rows) {
        let file = try SafetensorsFile(handed(run, "memory.safetensors"))
        return (file, try JSONDecoder().decode(Rows.self, from: Data((file.metadata["memory"] ?? "").utf8)))
    }

    private func counts(_ rows: Rows) -> [String: Int] {
        Dictionary(grouping: rows.rows) { $0.labels["label"] ?? "" }.mapValues(\.count)
    }

    private func refusal(_ run: () throws -> Void) -> String {
        let error = #expect(throws: BraidError.self) { try run() }
        return error?.description ?? ""
    }

    @Test func memoryGoesFromStageToStageInEqualShares() throws {
        let keys = method("replay", "memory=8", "fill=herding")
        let first = try small.train("one", ["manifest=one.csv"] + keys)
        #expect(first.history.allSatisfy { $0.figures["replay/loss"] == nil })
        let one = try memory(of: "one")
        #expect(counts(one.rows) == ["high": 4, "low": 4])
        #expect(one.file.entries["pooled.image"]?.shape == [8, 24])
        #expect(one.rows.rows.allSatisfy { $0.media == nil })
        let second = try small.train("two", ["manifest=two.csv", "init_from=one"] + keys)
        #expect(second.history.allSatisfy { ($0.figures["replay/loss"] ?? 0) > 0 })
        let two = try memory(of: "two")
        #expect(counts(two.rows) == ["high": 2, "low": 2, "bright": 2, "dark": 2])
        // What stays are the first of the herding order, with the embeddings that they had.
        for row in two.rows.rows where ["high", "low"].contains(row.labels["label"]) {
            let (then, now) = (try #require(one.rows.rows.firstIndex { $0.id == row.id }), two.rows.rows.firstIndex(of: row) ?? 0)
            #expect(row.rank < 2)
            let same = try maxDifference(
                one.file.tensor("pooled.audio").select(0, then), two.file.tensor("pooled.audio").select(0, now))
            #expect(same == 0)
        }
    }

    /// The share of the first stage's test rows that a model of the second knows.
    private func kept(_ run: String) throws -> Double {
        let inference = try Inference(
            model: url(run), manifest: url("one.csv"), rows: .split(.test), needsLabels: true,
            Inference.Options(device: .cpu, reporter: SilentReporter()))
        let answers = try inference.predict().primary
        let right = answers.samples.indices.filter { answers.text(of: $0) == answers.samples[$0].label }
        return Double(right.count) / Double(answers.samples.count)
    }

    /// Rows of two classes that neither look nor sound like the first stage's; with `judging`, the val rows of the first stage beside them.
    private func makeOthers(_ name: String, judging: Bool) throws {
        let splits = ["train", "train", "val", "test"]
        var lines = try (24..<48).map { number in
            let isLight = number % 2 == 0
            try TestMedia.greyPNG(level: isLight ? 250 : 120, seed: number).write(to: url("other\(number).png"))
            try TestMedia.tone(hertz: isLight ? 3600 : 1100, seed: number, seconds: 1).write(to: url("other\(number).wav"))
            return "\(number),\(splits[number / 2 % 4]),other\(number).png,other\(number).wav,\(isLight ? "light" : "grey")"
        }
        if judging {
            lines += (0..<24).filter { $0 / 2 % 4 == 2 }.map { "\($0),val,\($0).png,\($0).wav,\($0 % 2 == 0 ? "high" : "low")" }
        }
        try small.folder.write((["id,split,image,audio,label"] + lines).joined(separator: "\n") + "\n", as: name)
    }

    /// The second stage's manifest has none of the first stage's rows: what is kept of them the memory has kept.
    @Test func replayKeepsWhatWithoutItIsForgotten() throws {
        try makeOthers("others.csv", judging: false)
        let long = ["training.early_stopping.metric=loss", "training.epochs=20", "fusion.modality_dropout=0"]
        try small.train("one", long + ["manifest=one.csv"] + method("der"))
        let second = long + ["manifest=others.csv", "init_from=one"]
        try small.train("naive", second)
        try small.train("replay", second + method("replay"))
        try small.train("der", second + method("der"))
        let (first, naive, replay, der) = (try kept("one"), try kept("naive"), try kept("replay"), try kept("der"))
        #expect(first > 0.6 && naive < 0.2 * first, "\(first) \(naive)")
        #expect(min(replay, der) > naive + 0.3, "\(naive) \(replay) \(der)")
        let rows = try memory(of: "der").rows
        #expect(Set(rows.known.map { $0[0] }) == [2, 4])
    }

    @Test(arguments: ["replay", "der", "ewc", "lwf"]) func goesOnAsIfNothingHadHappened(_ name: String) throws {
        struct Stop: Error {}
        let first = name == "lwf" ? method("lwf") : method(name)
        try small.train("one", ["manifest=one.csv", "training.epochs=1"] + first)
        let keys = ["manifest=two.csv", "init_from=one", "training.epochs=3"] + first
        try small.train("whole", keys)
        #expect(throws: Stop.self) { try small.train("cut", keys) { if $0 == 2 { throw Stop() } } }
        try small.train("cut", keys, resume: true)
        var files = ["model/model.safetensors"]
        if name != "lwf" { files.append("model/continual/stages/\(name == "ewc" ? "fisher" : "memory").safetensors") }
        for file in files { #expect(try Data(contentsOf: url("whole/\(file)")) == Data(contentsOf: url("cut/\(file)")), "\(file)") }
    }

    @Test func stiffSpringsHoldWhatTheFirstStageLearnt() throws {
        try small.train("one", ["manifest=one.csv"] + method("ewc"))
        let before = try ModelFolder.read(url("one"))
        // How far the second stage has moved what mattered, each value times its Fisher information.
        func moved(_ run: String) throws -> Double {
            let file = try SafetensorsFile(handed("one", "fisher.safetensors"))
            let now = try ModelFolder.read(url(run))
            return try zip(before.parameters.parameters, now.parameters.parameters).reduce(0) { sum, pair in
                let fisher = try file.tensor("0.fisher.\(pair.0.path)")
                let value = fisher.shape == pair.1.tensor.shape ? pair.1.tensor : try pair.1.tensor.slice(0, 0..<fisher.shape[0])
                return try sum + ((value - pair.0.tensor).power(2) * fisher).sum().item()
            }
        }
        let keys = ["manifest=two.csv", "init_from=one", "training.early_stopping.metric=loss", "training.clip=0"]
        try small.train("free", keys)
        let held = try small.train("held", keys + method("ewc", "lambda=10000"))
        #expect(held.history.allSatisfy { ($0.figures["ewc/penalty"] ?? -1) >= 0 })
        let (free, stiff) = (try moved("free"), try moved("held"))
        #expect(free > 0 && stiff < 0.5 * free, "\(stiff) \(free)")
        #expect(try SafetensorsFile(handed("held", "fisher.safetensors")).metadata["stages"] == "2")
        try small.train("online", keys + method("ewc", "online=true", "decay=0.5"))
        #expect(try SafetensorsFile(handed("online", "fisher.safetensors")).metadata["stages"] == "1")
    }

    @Test func teacherHoldsTheAnswersOfEarlierClasses() throws {
        try small.train("one", ["manifest=one.csv", "training.epochs=6"])
        let keys = ["manifest=two.csv", "init_from=one", "training.epochs=6", "fusion.dropout=0", "fusion.modality_dropout=0"]
        let loose = try small.train("loose", keys + method("lwf", "weight=0.0001"))
        let close = try small.train("close", keys + method("lwf", "weight=20"))
        let distance = { (outcome: Training.Outcome) in outcome.history.last?.figures["lwf/distance"] ?? .nan }
        #expect(distance(close) < 0.5 * distance(loose), "\(distance(close)) \(distance(loose))")
        #expect(!FileManager.default.fileExists(atPath: handed("close", "memory.safetensors").path))
    }

    @Test func valRowsAreRememberedAndJudgeLaterStages() throws {
        try makeOthers("judged.csv", judging: true)
        let keys = method("replay", "memory=20", "val_share=0.2") + ["training.epochs=1"]
        try small.train("one", ["manifest=one.csv"] + keys)
        let file = try SafetensorsFile(handed("one", "val.safetensors"))
        let rows = try JSONDecoder().decode(Rows.self, from: Data((file.metadata["memory"] ?? "").utf8))
        #expect(counts(rows) == ["high": 2, "low": 2])
        #expect(rows.rows.allSatisfy { (Int($0.id) ?? 0) / 2 % 4 == 2 })
        #expect(try memory(of: "one").rows.rows.count <= 16)
        let remembered = "4 remembered val rows judged by, beside 6 of this stage"
        for (manifest, isAsked) in [("two.csv", true), ("judged.csv", false)] {
            let notes = NotedReporter()
            let second = try small.configuration(["manifest=\(manifest)", "init_from=one"] + keys)
            _ = try Training(second, into: RunFolder(url("to-\(manifest)")), reporter: notes)()
            #expect(notes.notes.contains(remembered) == isAsked, "\(manifest)")
        }
    }

    @Test func mediaOfTrainedEncodersAreRememberedByTheirPlace() throws {
        let keys = method("replay", "memory=6") + ["training.epochs=1", "modalities.audio.train=last:1"]
        try small.train("one", ["manifest=one.csv"] + keys)
        let rows = try memory(of: "one").rows.rows
        #expect(rows.count == 6 && rows.allSatisfy { $0.media?.count == 2 })
        #expect(rows.allSatisfy { $0.isThere() })
        let second = ["manifest=two.csv", "init_from=one"] + keys
        let whole = try small.train("two", second)
        #expect(whole.history.allSatisfy { ($0.figures["replay/loss"] ?? 0) > 0 })
        // One is another recording now, and is left out; without any there is nothing to replay.
        try TestMedia.tone(hertz: 900, seed: 5, seconds: 1).write(to: url("\(rows[0].id).wav"))
        let notes = NotedReporter()
        _ = try Training(small.configuration(second), into: RunFolder(url("three")), reporter: notes)()
        #expect(
            notes.notes.contains { $0.contains("1 of 6 remembered samples are gone") && $0.contains("(\(rows[0].id), for one)") })
        for row in rows { try FileManager.default.removeItem(at: url("\(row.id).png")) }
        #expect(refusal { try small.train("four", second) }.contains("6 of 6 remembered samples are gone"))
    }

    @Test func whatCannotBeIsRefused() throws {
        try small.train("one", ["manifest=one.csv", "training.epochs=1"] + method("replay"))
        let second = ["manifest=two.csv", "init_from=one", "training.epochs=1"]
        let trained = refusal { try small.train("two", second + method("replay") + ["modalities.audio.train=last:1"]) }
        #expect(trained.contains("one remembers embeddings of frozen encoders"))
        let notes = NotedReporter()
        _ = try Training(small.configuration(second), into: RunFolder(url("plain")), reporter: notes)()
        #expect(
            notes.notes.contains {
                $0.contains("one hands on memory.safetensors; with training.continual.method: none it is not used")
            })
        let logits = refusal { try small.train("three", second + method("der")) }
        #expect(logits.contains("remembers samples without what its model said of them"))

        let fitted = refusal { _ = try small.plain("stacked", method("replay")) }
        #expect(fitted.contains("fusion.type: stacked is computed at once") && fitted.contains("forgets nothing"))
        #expect(refusal { _ = try small.plain("ensemble", method("ewc")) }.contains("acts on one model that is trained"))
        #expect(
            refusal { _ = try small.configuration(method("ewc", "memory=5")) }.contains(
                "acts only with training.continual.method: replay, der"))
        #expect(
            refusal { _ = try small.configuration(method("ewc", "decay=0.5")) }.contains(
                "acts only with training.continual.online: true"))
        let herded = method("replay", "fill=herding", "balanced=false")
        #expect(refusal { _ = try small.configuration(herded) }.contains("herding gives each class the same share"))
        let flags = refusal { _ = try small.configuration(method("replay", "fill=herding") + ["head.task=multilabel"]) }
        #expect(flags.contains("labels are classes that exclude each other"))
        #expect(
            refusal { _ = try small.configuration(method("der", "alpha=0", "beta=0")) }.contains("nothing of the memory is used"))
        let pareto = method("replay") + ["training.balance.method=mmpareto"]
        #expect(refusal { _ = try small.configuration(pareto) }.contains("does not go with training.balance.method: mmpareto"))
        #expect(
            refusal { _ = try small.configuration(["training.continual.method=rehearse"]) }.contains(
                "expected one of none, replay, der, ewc, lwf"))
    }
}
