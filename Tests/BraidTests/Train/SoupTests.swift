import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// The best epochs, means of their weights, and what lies between the beginning and the end.
@Suite struct SoupTests {
    private func small() throws -> SmallRun {
        let small = try SmallRun()
        try small.makeData()
        return small
    }

    /// Uniform against `torch.optim.swa_utils`, greedy against the paper's recipe: scripts/references/soups.py.
    @Test(arguments: [AveragingSettings.Soup.uniform, .greedy]) func soupsFollowTheReference(_ kind: AveragingSettings.Soup) throws
    {
        let file = try Fixtures.tensors("soups.safetensors")
        let names = ["weight", "mean", "var"]
        let entries = try names.map { name in
            ParameterStore.Entry(
                path: name, tensor: try file.tensor("0/\(name)").cloned(), kind: name == "weight" ? .parameter : .buffer)
        }
        let restore = { (epoch: Int) in
            for entry in entries { try entry.tensor.copyInPlace(from: file.tensor("\(epoch)/\(entry.path)")) }
        }
        let judge = { () throws -> Double? in
            -(try (entries[0].tensor - file.tensor("target")).norm().item())
        }
        let settings = try small().configuration().training
        let soup = WeightSoup(
            kind: kind, settings: settings, metricName: "score", entries: entries, restore: restore, judge: judge)
        let record = try soup((0..<6).map { RankedEpoch(epoch: $0, value: nil) })
        for entry in entries {
            #expect(try maxDifference(entry.tensor, file.tensor("\(kind.rawValue)/\(entry.path)")) <= 1e-6, "\(entry.path)")
        }
        let taken = try file.tensor("greedy/taken").array(of: Int64.self)
        #expect(record.ingredients.map(\.isTaken) == (kind == .uniform ? taken.map { _ in true } : taken.map { $0 == 1 }))
        let (before, after, now) = (try #require(record.before), try #require(record.after), try judge() ?? 0)
        #expect(abs(after - now) < 1e-12 && (kind == .uniform || after >= before))
    }

    @Test func epochsAreRankedByTheMetric() {
        var best = BestEpochs()
        let values: [Double?] = [nil, nil, 0.5, 0.7, .nan, 0.7, 0.6, 0.9]
        var firsts: [Int] = []
        for (index, value) in values.enumerated() {
            best.add(index + 1, value, by: .accuracy, keeping: 3)
            firsts.append(best.first?.epoch ?? 0)
        }
        // Where nothing is known the latest is the best; of equals the earlier is.
        #expect(firsts == [1, 2, 3, 4, 4, 4, 4, 8])
        #expect(best.ranked.map(\.epoch) == [8, 4, 6])
        best.add(9, 0.1, by: .loss, keeping: 2)
        #expect(best.ranked.map(\.epoch) == [9, 8])
    }

    /// As many epochs as asked lie on the disk, the best among them as `best`, and a resumed run ends with the same.
    @Test func theBestEpochsAreKeptAndResumed() throws {
        struct Stopped: Error {}
        let small = try small()
        let recipe = [
            "modalities.image.train=last:1", "training.epochs=5", "training.soup=greedy", "training.checkpoint.best=3",
            "training.early_stopping.metric=loss", "training.head_epochs=2", "training.wise_ft=auto", "training.monitor=false",
        ]
        let whole = try small.train("whole", recipe)
        let soup = try #require(whole.findings.averages.soup)
        let losses = whole.history.map { $0.valLoss ?? .infinity }
        let expected = (1...5).sorted { losses[$0 - 1] < losses[$1 - 1] }.prefix(3)
        #expect(soup.ingredients.map(\.epoch) == Array(expected) && soup.ingredients.count == 3)
        #expect(try #require(soup.after) <= #require(soup.before))
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: small.folder.url.appendingPathComponent("whole/checkpoints").path)
        #expect(Set(folders) == Set(expected.map { "epoch-\($0)" } + ["best", "last", "start", "choices.json"]))
        for epoch in [2, 4] {
            #expect(throws: Stopped.self) { try small.train("cut-\(epoch)", recipe) { if $0 == epoch { throw Stopped() } } }
            let cut = try small.train("cut-\(epoch)", recipe, resume: true)
            #expect(cut.findings.averages.summary == whole.findings.averages.summary)
            let files =
                ["model/model.safetensors", "model/image/model.safetensors", "checkpoints/start/weights.safetensors"]
                + expected.map { "checkpoints/epoch-\($0)/weights.safetensors" }
            for file in files {
                let ours = try Data(contentsOf: small.folder.url.appendingPathComponent("whole/\(file)"))
                let other = try Data(contentsOf: small.folder.url.appendingPathComponent("cut-\(epoch)/\(file)"))
                #expect(other == ours, "\(epoch) \(file)")
            }
        }
        let text = try String(contentsOf: small.folder.url.appendingPathComponent("whole/report.txt"), encoding: .utf8)
        #expect(text.contains("Soup (greedy): ") && text.contains("WiSE-FT: the model is at alpha "))
        let page = try String(contentsOf: small.folder.url.appendingPathComponent("whole/report.html"), encoding: .utf8)
        #expect(page.contains("Averaged weights") && page.contains(">alpha</text>"))
        // Another soup of the same epochs needs no other training.
        let uniform = try small.train("whole", recipe + ["training.soup=uniform"], resume: true)
        #expect(uniform.findings.averages.soup?.epochs == Array(expected) && uniform.history.count == 5)
    }

    private func weights(_ small: SmallRun, _ path: String) throws -> SafetensorsFile {
        try SafetensorsFile(small.folder.url.appendingPathComponent(path))
    }

    /// Between the beginning and the best epoch: all of it where heads were trained first, else encoders alone.
    @Test(arguments: [true, false]) func theModelLiesBetweenTheBeginningAndTheEnd(_ hasHeadPhase: Bool) throws {
        let small = try small()
        let recipe = ["modalities.image.train=last:1", "training.wise_ft=0.3", "training.encoder_learning_rate=0.01"]
        let outcome = try small.train("run", recipe + (hasHeadPhase ? ["training.head_epochs=1"] : []))
        let record = try #require(outcome.findings.averages.interpolation)
        #expect(record.alpha == 0.3 && !record.isChosen && record.points.count == 11)
        #expect(record.points.allSatisfy { $0.val != nil && $0.test != nil })
        let (start, best) = (
            try weights(small, "run/checkpoints/start/weights.safetensors"),
            try weights(small, "run/checkpoints/best/weights.safetensors")
        )
        let (model, image) = (
            try weights(small, "run/model/model.safetensors"), try weights(small, "run/model/image/model.safetensors")
        )
        let pretrained = try SafetensorsFile(Fixtures.url("resnet").appendingPathComponent("model.safetensors"))
        var (encoders, others) = (0, 0)
        for path in best.entries.keys where try best.tensor(path).dtype == .float32 {
            let tuned = try best.tensor(path)
            let isEncoder = path.hasPrefix("encoders.image.")
            let own = String(path.dropFirst("encoders.image.".count))
            let found = isEncoder ? try image.tensor(own) : try model.tensor(path)
            let goes = isEncoder || hasHeadPhase
            let expected = goes ? try start.tensor(path).scaled(by: 0.7) + tuned.scaled(by: 0.3) : tuned
            #expect(try maxDifference(found, expected) <= 1e-6, "\(path)")
            if isEncoder {
                #expect(try maxDifference(start.tensor(path), pretrained.tensor(own)) == 0, "\(path)")
                encoders += 1
            } else {
                others += 1
            }
        }
        #expect(encoders > 3 && others > 3)
        #expect(FileManager.default.fileExists(atPath: small.folder.url.appendingPathComponent("run/wise_ft.json").path))
    }

    /// Of LoRA the sum that it adds is interpolated: at 0 there is nothing of it, at 1 all.
    @Test func adaptersAreInterpolatedByWhatTheyAdd() throws {
        let small = try small()
        let recipe = ["modalities.image.train=lora:2", "modalities.audio.train=ia3", "training.monitor=false", "training.epochs=1"]
        for (name, alpha) in [("none", 0.0), ("half", 0.5), ("all", 1)] {
            try small.train(name, recipe + ["training.wise_ft=\(alpha)"])
        }
        let factor = { (run: String, part: String) in
            try weights(small, "\(run)/model/image/adapter/adapter_model.safetensors").tensor(
                "base_model.model.conv1.\(part).weight")
        }
        #expect(try maxDifference(factor("none", "lora_A"), factor("all", "lora_A")) == 0)
        #expect(try factor("none", "lora_B").absolute().sum().item() == 0)
        #expect(try maxDifference(factor("half", "lora_B").scaled(by: 2), factor("all", "lora_B")) <= 1e-7)
        let vector = { (run: String) in
            let file = try weights(small, "\(run)/model/audio/adapter/adapter_model.safetensors")
            return try file.tensor(try #require(file.entries.keys.sorted().first))
        }
        #expect(try maxDifference(vector("none"), vector("none").scaled(by: 0).adding(1)) == 0)
        let middle = try vector("all").adding(1).scaled(by: 0.5)
        #expect(try maxDifference(vector("half"), middle) <= 1e-6)
    }

    @Test func theBestPlaceIsTheBestOnVal() {
        let points = { (values: [Double?]) in
            values.enumerated().map { InterpolationRecord.Point(alpha: Double($0) / 10, val: $1, test: nil) }
        }
        #expect(WeightInterpolation.best(points([0.1, 0.4, nil, 0.3]), .accuracy) == 0.1)
        #expect(WeightInterpolation.best(points([0.1, 0.4, 0.05, 0.3]), .loss) == 0.2)
        // Of equals the one nearest to the middle.
        #expect(WeightInterpolation.best(points([1, 1, 1, 1, 0.5]), .accuracy) == 0.3)
    }

    /// Models that a fusion is made of are souped too, and made again of the same epochs.
    @Test func soupsActInEnsembles() throws {
        let small = try small()
        let recipe = ["fusion.members=[concat, late]", "training.epochs=4", "training.batch_size=4", "training.checkpoint.best=3"]
        try small.train(plain: "ensemble", "plain", recipe)
        try small.train(plain: "ensemble", "soup", recipe + ["training.soup=uniform"])
        let weights = try ["plain", "soup"].map {
            try Data(contentsOf: small.folder.url.appendingPathComponent("\($0)/model/model.safetensors"))
        }
        #expect(weights[0] != weights[1])
    }

    @Test(arguments: [
        (["training.soup=uniform", "training.checkpoint.best=1"], "training.soup: is uniform, and training.checkpoint.best: 1"),
        (["training.wise_ft=auto"], "training.wise_ft: acts only where an encoder is trained"),
        (["training.wise_ft=2", "modalities.image.train=all"], "training.wise_ft: expected auto, or a number from 0 to 1"),
        (
            ["training.wise_ft=auto", "modalities.image.train=all", "modalities.image.weights=random"],
            "training.wise_ft: goes back to pretrained weights, and modalities.image begins with random ones"
        ),
        (
            ["training.wise_ft=auto", "modalities.image.train=lora:2", "modalities.image.adapter=x"],
            "training.wise_ft: does not go with modalities.image.adapter"
        ),
        (["fusion.type=stacked", "training.soup=greedy"], "training.soup: "),
    ])
    func whatDoesNotActIsRefused(_ overrides: [String], _ said: String) throws {
        let error = #expect(throws: BraidError.self) { try small().configuration(overrides) }
        #expect(error?.description.contains(said) == true, "\(error?.description ?? "")")
    }
}
