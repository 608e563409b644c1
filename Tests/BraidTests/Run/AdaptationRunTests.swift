import Foundation
import TestSupport
import Testing

@testable import Braid

/// Trainings that are adapted to a target domain.
@Suite struct AdaptationRunTests {
    private let small: SmallRun

    init() throws { small = try SmallRun() }

    private func prepare() throws {
        try small.makeData(48)
        try target()
    }

    /// The same things, darker and lower, six of them to judge by.
    private func target(label: (Int) -> String = { $0 % 2 == 0 ? "high" : "low" }) throws {
        var rows = ["id,split,image,audio,label"]
        for index in 0..<24 {
            let isHigh = index % 2 == 0
            try TestMedia.greyPNG(level: isHigh ? 150 : 60, seed: index + 100).write(
                to: small.folder.url.appendingPathComponent("t\(index).png"))
            try TestMedia.tone(hertz: isHigh ? 1900 : 500, seed: index + 100, seconds: 1).write(
                to: small.folder.url.appendingPathComponent("t\(index).wav"))
            rows.append("\(index),\(index < 18 ? "train" : "test"),t\(index).png,t\(index).wav,\(label(index))")
        }
        try small.folder.write(rows.joined(separator: "\n") + "\n", as: "target.csv")
    }

    private static let named = "training.adaptation.target=target.csv"

    private func weights(_ name: String) throws -> Data {
        try Data(contentsOf: small.folder.url.appendingPathComponent("\(name)/model/model.safetensors"))
    }

    private func record(_ name: String) throws -> AdaptationRecord {
        let file = small.folder.url.appendingPathComponent("\(name)/adaptation.json")
        return try JSONDecoder().decode(AdaptationRecord.self, from: Data(contentsOf: file))
    }

    /// Every method trains something else than none, and than the others.
    @Test func everyMethodActs() throws {
        try prepare()
        try small.train("none")
        var models = [try weights("none")]
        for kind in AdaptationKind.registry.all where !kind.isChoice {
            let recipe = [Self.named, "training.adaptation.method=\(kind.name)", "training.adaptation.judge=false"]
            let record = try #require(small.train(kind.name, recipe).findings.adaptation)
            #expect(record.method == kind.name && record.trials.isEmpty)
            #expect(record.adapted == 18 && record.judged == 6 && record.target["accuracy"] != nil)
            models.append(try weights(kind.name))
        }
        #expect(Set(models).count == AdaptationKind.registry.all.count)
    }

    /// Labels that are wrong, or of a class that nobody knows, change nothing but figures.
    @Test func labelsOfTheTargetAreReadForFiguresAlone() throws {
        try prepare()
        let recipe = [Self.named, "training.adaptation.candidates=[self-training, mcc]"]
        try small.train("right", recipe)
        try target { $0 == 23 ? "other" : $0 % 2 == 0 ? "low" : "high" }
        try small.train("turned", recipe)
        let (right, turned) = (try record("right"), try record("turned"))
        #expect(try weights("turned") == weights("right"))
        #expect(turned.trials.map(\.scores) == right.trials.map(\.scores) && turned.method == right.method)
        #expect(turned.judged == 5 && turned.trials.map(\.target) != right.trials.map(\.target))
    }

    /// `auto` chooses, says so everywhere, and a resumed run keeps the choice.
    @Test func theChoiceIsRecordedAndShown() throws {
        try prepare()
        let recipe = [Self.named, "training.adaptation.candidates=[standardise, mcc]"]
        let outcome = try small.train("run", recipe)
        let record = try #require(outcome.findings.adaptation)
        #expect(record.trials.map(\.method) == ["source", "standardise", "mcc"])
        #expect(record.trials.allSatisfy { $0.scores.count == 9 && $0.target["accuracy"] != nil && $0.distance <= 2 })
        for file in ["report.txt", "report.html", "run.json", "adaptation.json"] {
            let text = try String(contentsOf: small.folder.url.appendingPathComponent("run/\(file)"), encoding: .utf8)
            #expect(text.contains("kinds of evidence prefer it") || text.contains("adaptation did not help"), "\(file)")
            #expect(text.contains("standardise") && text.contains("iwv"), "\(file)")
        }
        let again = try small.train("run", recipe, resume: true)
        #expect(again.findings.adaptation?.trials == record.trials)
        // A fusion that is fitted: only what changes data is tried.
        let fitted = try #require(small.train(plain: "stacked", "fitted", [Self.named]).findings.adaptation)
        #expect(fitted.trials.map(\.method) == ["source", "standardise", "recolour", "self-training"])
    }

    /// What a run records as its configuration is one that it takes.
    @Test func theRecordedConfigurationCanBeRead() throws {
        let yaml = try small.plain("concat", [Self.named, "training.adaptation.method=mmd"]).yaml
        #expect(!yaml.contains("patience") && yaml.contains("target: target.csv"))
        #expect(throws: Never.self) { try Configuration.parse(yaml, folder: small.folder.url) }
    }

    /// Killed after an epoch, on each modality and with an encoder that is trained.
    @Test(arguments: [
        ["training.adaptation.method=cdan"], ["training.adaptation.method=dann", "training.adaptation.on=modalities"],
        ["training.adaptation.method=mmd", "modalities.image.train=last:1"],
    ])
    func aResumedRunEndsTheSame(_ more: [String]) throws {
        struct Stopped: Error {}
        try prepare()
        let recipe = [Self.named, "training.adaptation.judge=false"] + more
        try small.train("whole", recipe)
        #expect(throws: Stopped.self) { try small.train("cut", recipe) { if $0 == 2 { throw Stopped() } } }
        let outcome = try small.train("cut", recipe, resume: true)
        #expect(try weights("cut") == weights("whole"))
        #expect(outcome.history.last?.figures.keys.contains { $0.hasPrefix("adaptation/") } == true)
        let state = "checkpoints/last/weights.safetensors"
        let files = try ["whole", "cut"].map { try Data(contentsOf: small.folder.url.appendingPathComponent("\($0)/\(state)")) }
        #expect(files[0] == files[1])
    }

    @Test func keysActInTheSteps() throws {
        try prepare()
        let recipe = [Self.named, "training.adaptation.method=mmd", "training.adaptation.judge=false"]
        // Val of the source chooses no epoch.
        #expect(try small.train("last", recipe).bestEpoch == 3)
        let plain = try small.losses("plain", recipe)
        for key in ["weight=3", "schedule=constant", "balanced=false", "on=modalities"] {
            #expect(try small.losses(key, recipe + ["training.adaptation.\(key)"]) != plain, "\(key)")
        }
        let other = [Self.named, "training.adaptation.judge=false"]
        for (method, key) in [("mcc", "temperature=1"), ("cdan", "entropy=false"), ("recolour", "shrinkage=3")] {
            let recipe = other + ["training.adaptation.method=\(method)"]
            #expect(
                try small.losses(method, recipe) != small.losses("\(method)-\(key)", recipe + ["training.adaptation.\(key)"]),
                "\(key)")
        }
    }

    @Test(arguments: [
        (["training.adaptation.method=mcc"], "acts only with training.adaptation.target"),
        ([named, "training.adaptation.method=mcd"], "expected one of auto, standardise"),
        ([named, "training.adaptation.method=mcc", "training.adaptation.on=modalities"], "training.adaptation.on"),
        ([named, "training.adaptation.method=mcc", "fusion.type=late", "head.task=multilabel"], "needs a first head with classes"),
        ([named, "training.adaptation.candidates=[mcc, foo]"], "foo is none of standardise"),
        ([named, "modalities.image.train=last:1"], "name one method"),
        (
            [named, "modalities.image.train=last:1", "training.adaptation.method=recolour"],
            "changes embeddings of frozen encoders"
        ),
        ([named, "training.adaptation.method=mmd", "modalities.image.train=last:1", "training.adaptation.judge=true"], "judge"),
        ([named, "fusion.type=cross-attention", "training.adaptation.method=standardise"], "takes tokens"),
        ([named, "training.adaptation.method=mcc", "training.early_stopping.patience=3"], "the model is of the last epoch"),
        ([named, "evaluation.folds=3"], "says nothing of a target domain"),
    ])
    func whatDoesNotActIsRefused(_ overrides: [String], _ said: String) throws {
        let error = #expect(throws: BraidError.self) { try small.configuration(overrides) }
        #expect(error?.description.contains(said) == true, "\(error?.description ?? "")")
    }

    @Test func aLossNeedsATrainedFusionAndATargetSomethingToAdaptTo() throws {
        try prepare()
        let error = #expect(throws: BraidError.self) {
            try small.plain("stacked", [Self.named, "training.adaptation.method=mcc"])
        }
        #expect(error?.description.contains("take fusion.type: concat") == true)
        try small.folder.write("id,split,image\n1,test,t1.png\n", as: "target.csv")
        let empty = #expect(throws: BraidError.self) { try small.train("run", [Self.named]) }
        #expect(empty?.description.contains("none is left to adapt to") == true)
        try small.folder.write("id,text\n1,a text\n", as: "target.csv")
        let bare = #expect(throws: BraidError.self) { try small.train("other", [Self.named]) }
        #expect(bare?.description.contains("has none of the configured modalities") == true)
    }
}
