import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Missing modalities, calibration, balance, and the comparison of fusions.
@Suite struct MissingTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData(48, hasAudio: { $0 % 6 != 3 })
    }

    @Test func hidingAlwaysLeavesOne() {
        var random = RandomSource(seed: 3)
        var counts = [0, 0, 0]
        for _ in 0..<2000 {
            let left = [true, false, true].hidden(chance: 0.9, &random)
            #expect(left.contains(true) && !left[1])
            for index in 0..<3 where left[index] { counts[index] += 1 }
        }
        #expect(abs(counts[0] - counts[2]) < 200)
        #expect([true, true].hidden(chance: 0, &random) == [true, true])
    }

    @Test func theMissingTokenIsTrained() throws {
        let outcome = try small.train("run", ["training.weight_decay=0"])
        let trained = try #require(outcome.model.parameters.parameters.first { $0.path == "fusion.audio.missing" })
        try Generator.seed(0)
        let fresh = try small.configuration().model(
            Array(outcome.model.encoders.values), outcome.model.targets, manifestSHA256: "", device: .cpu)
        let before = try #require(fresh.parameters.parameters.first { $0.path == "fusion.audio.missing" })
        try #expect(maxDifference(trained.tensor, before.tensor) > 1e-3)
    }

    @Test func ratesAreDrawnForEachModalityAndForAll() throws {
        try small.train("run", ["training.epochs=8"])
        let session = try small.inference("run")
        let rates = try MissingRates(session, rates: [0, 0.5, 1], draws: 3)
        let head = rates.heads[0]
        #expect(head.curves.map(\.missing) == ["image", "audio", "all"])
        let full = try session.predict().primary.confusion().accuracy
        #expect(head.curves.allSatisfy { abs($0.values[0] - full) < 1e-12 })
        // Without any recording, but where there is nothing else, the ablation's figure for pictures.
        let pictures = try Ablation(session).primary.entries.first { $0.modalities == [.image] }
        #expect(abs(head.curves[1].values[2] - (pictures?.score(.accuracy) ?? 0)) < 1e-12)
        #expect(rates.table.contains("50 %") && rates.csv.split(separator: "\n").count == 10)
        #expect(head.figure.source.contains("class=\"line k0\""))
    }

    @Test func modalitiesGoMissingAtRatesOfTheirOwn() throws {
        try small.train("run", ["training.epochs=8"])
        let session = try small.inference("run")
        let ablation = try Ablation(session)
        let rates = try ImbalancedRates(session, rates: [.audio: 1], ablation, draws: 2)
        #expect(rates.rates == ["image": 0, "audio": 1] && rates.sharedRate == 0.5)
        let (head, whole) = (rates.heads[0], ablation.primary)
        // Audio is never seen: what is left is the picture, which every sample has.
        let alone = whole.entries.first { $0.modalities == [.image] }?.score(.accuracy)
        #expect(head.imbalanced?.mean == alone && head.full == whole.full?.score(.accuracy))
        #expect(rates.table.contains("audio 100 %") && rates.table.contains("all at 50 %"))
        #expect(throws: BraidError.self) { try ImbalancedRates(session, rates: [.text: 0.5], ablation) }
        // Over and over, as often as said, and never everything.
        var (random, lost) = (RandomSource(seed: 5), [0, 0, 0])
        for _ in 0..<4000 {
            let left = ImbalancedRates.left(of: [true, false, true], [0.6, 0.5, 0.1], &random)
            #expect(left.contains(true) && !left[1])
            for index in 0..<3 where !left[index] { lost[index] += 1 }
        }
        // 0.6 and 0.1, less those of the 0.06 that lose both and keep one, 4 to 9.
        #expect(abs(Double(lost[0]) / 4000 - (0.6 - 0.06 * 0.4 / 1.3)) < 0.025)
        #expect(abs(Double(lost[2]) / 4000 - (0.1 - 0.06 * 0.9 / 1.3)) < 0.02)
    }

    @Test func equityIsTheEvennessOfWhatIsAdded() throws {
        // By hand: two modalities, values of none, each and both.
        let values: [Set<Int>: Double] = [[]: 0.5, [0]: 0.7, [1]: 0.8, [0, 1]: 0.9]
        let equal = ModalityEquity(.accuracy, rows: 10, ["a", "b"], rates: [0.5, 0.5]) { values[$0] ?? .nan }
        // a: (0.2 + 0.1) / 2, b: (0.3 + 0.2) / 2.
        #expect(abs(equal.contributions[0].value - 0.15) < 1e-12 && abs(equal.contributions[1].value - 0.25) < 1e-12)
        let entropy = -(0.375 * log(0.375) + 0.625 * log(0.625)) / log(2)
        #expect(abs((equal.index ?? 0) - entropy) < 1e-12)
        let rare = ModalityEquity(.accuracy, rows: 10, ["a", "b"], rates: [0.9, 0.1]) { values[$0] ?? .nan }
        #expect(abs(rare.contributions[0].value - (0.9 * 0.1 + 0.1 * 0.2)) < 1e-12)
        #expect(abs(rare.contributions[1].value - (0.1 * 0.2 + 0.9 * 0.3)) < 1e-12)
        // Errors fall: what lowers them adds.
        let errors = ModalityEquity(.mae, rows: 10, ["a", "b"], rates: [0.5, 0.5]) { 1 - (values[$0] ?? .nan) }
        #expect(abs(errors.contributions[1].value - 0.25) < 1e-12)
        #expect(abs((ModalityEquity.evenness([1, 1, 1]) ?? 0) - 1) < 1e-12 && ModalityEquity.evenness([0.4, 0, -0.1]) == 0)
        #expect(ModalityEquity.evenness([0, -1]) == nil)
        let figures = ["gradient_norm/image": 3.0, "gradient_norm/audio": 1.0, "probe/image": 9]
        let record = EpochRecord(
            epoch: 1, step: 1, trainLoss: 1, learningRate: 0, valLoss: nil, val: [:], figures: figures, seconds: 0)
        let learning = try #require(ModalityLearning([record, record]))
        #expect(abs(learning.index - 0.5) < 1e-12 && learning.norms == ["image": 3, "audio": 1] && learning.epochs == 2)
        #expect(ModalityLearning([]) == nil)
    }

    @Test func fewerModalitiesThatDoBetterAreFound() throws {
        let target = Target(task: Multiclass(), scale: .init(classes: ["low", "high"]))
        let samples = (0..<60).map { Sample(id: "\($0)", split: .test, media: [:], label: $0 % 2 == 0 ? "low" : "high") }
        func head(right: (Int) -> Bool) -> HeadPredictions {
            let values = (0..<60).map { index -> [Float] in (index % 2 == 0) == right(index) ? [0.9, 0.1] : [0.1, 0.9] }
            return HeadPredictions(target: target, samples: samples, source: "fixture", values: values)
        }
        let kept = try Monotonicity(
            [([.image], head { $0 > 20 }), ([.audio], head { $0 > 30 }), ([.image, .audio], head { $0 > 4 })], .accuracy)
        #expect(kept.pairs == 2 && kept.violations.isEmpty && kept.sentence.contains("in none of 2 pairs"))
        let broken = try Monotonicity(
            [([.image], head { $0 > 4 }), ([.audio], head { $0 > 30 }), ([.image, .audio], head { $0 > 20 })], .accuracy)
        #expect(broken.violations.map(\.smaller) == [[.image]] && broken.violations[0].larger == [.image, .audio])
        #expect(abs(broken.violations[0].gain - 16.0 / 60) < 1e-12 && broken.sentence.contains("NOT KEPT in 1 of 2 pairs"))
        // One row more is chance.
        let close = try Monotonicity([([.image], head { $0 > 19 }), ([.image, .audio], head { $0 > 20 })], .accuracy)
        #expect(close.violations.isEmpty)
    }

    @Test func theAblationSaysSo() throws {
        try small.train("run", ["training.epochs=8"])
        let ablation = try Ablation(small.inference("run"))
        let head = ablation.primary
        #expect(head.monotonicity?.pairs == 2 && head.equity?.contributions.map(\.name) == ["image", "audio"])
        #expect(head.equity?.rows == 10 && ablation.table.contains("Modality equity (MEI)"))
        let learning = try #require(ModalityLearning(run: small.folder.url.appendingPathComponent("run")))
        #expect(learning.epochs == 8 && learning.index > 0 && learning.index <= 1)
    }

    @Test func temperaturesMinimiseTheLoss() {
        let logits: [[Float]] = [[4, 0, 1], [0, 5, 1], [6, 0, 2], [1, 0, 3], [5, 1, 0]]
        let classes = [0, 1, 2, 2, 1]
        let best = TemperatureScaling.fit(logits, classes: classes)
        // The cross-entropy, and what draws temperatures to 1.
        let loss = { (temperature: Double) in
            zip(logits, classes).reduce(pow(log(temperature), 2)) { sum, row in
                let scaled = row.0.map { Double($0) / temperature }
                return sum + log(scaled.map { exp($0) }.reduce(0, +)) - scaled[row.1]
            }
        }
        #expect(best > 1 && loss(best) <= loss(best * 1.01) && loss(best) <= loss(best / 1.01))
        // Two rows that happen to be right are no ground to be certain; a thousand are, as far as the bound.
        #expect(TemperatureScaling.fit([[1, 0], [0, 1]], classes: [0, 1]) > 0.5)
        let many = (0..<1000).map { $0 % 2 == 0 ? [Float(1), 0] : [0, 1] }
        #expect(TemperatureScaling.fit(many, classes: (0..<1000).map { $0 % 2 }) == Calibration.range.lowerBound)
        let flags = TemperatureScaling.fit([[3], [2], [-2], [4]], flags: [[true], [false], [false], [true]])
        let binary = { (temperature: Double) in
            [(3.0, 1.0), (2, 0), (-2, 0), (4, 1)].reduce(pow(log(temperature), 2)) {
                $0 + log(1 + exp($1.0 / temperature)) - $1.1 * $1.0 / temperature
            }
        }
        #expect(binary(flags) <= binary(flags * 1.01) && binary(flags) <= binary(flags / 1.01))
    }

    @Test func everySubsetHasATemperature() throws {
        let model = try small.train("run", ["training.epochs=2"]).model
        #expect(model.calibration.temperatures["label"]?.keys.sorted() == ["audio", "image", "image+audio"])
        let read = try ModelFolder.read(small.folder.url.appendingPathComponent("run"))
        #expect(read.calibration == model.calibration)
        // A description that was tampered with is refused.
        let url = small.folder.url.appendingPathComponent("run/model/model.json")
        let text = try String(contentsOf: url, encoding: .utf8)
        for (from, to) in [("\"dim\" : 16", "\"dim\" : -1"), ("\"format_version\" : 3", "\"format_version\" : 7")] {
            try text.replacingOccurrences(of: from, with: to).write(to: url, atomically: true, encoding: .utf8)
            #expect(throws: BraidError.self) { try ModelFolder.read(small.folder.url.appendingPathComponent("run")) }
        }
    }

    @Test func theMonitorWarnsOfAStarvedModality() throws {
        let outcome = try small.train("run")
        let data = try SplitData(small.inference("run", rows: .all).dataset)
        let monitor = try #require(try BalanceMonitor(outcome.model, train: data.train, val: data.val))
        let well = ModalityBalance(gradientNorm: 1, probe: 0.9, encoderProbe: 0.9, samples: 200)
        #expect(monitor.warnings([.image: well, .audio: well]).isEmpty)
        let starved = ModalityBalance(gradientNorm: 0.01, probe: 0.9, encoderProbe: 0.9, samples: 200)
        #expect(monitor.warnings([.image: well, .audio: starved]).map(\.modality) == [.audio])
        // Without anything to learn, small gradients are as they should be.
        let empty = ModalityBalance(gradientNorm: 0.01, probe: 0.5, encoderProbe: 0.5, samples: 200)
        #expect(monitor.warnings([.image: well, .audio: empty]).isEmpty)
        let lost = ModalityBalance(gradientNorm: 1, probe: 0.6, encoderProbe: 0.9, samples: 200)
        #expect(monitor.warnings([.image: lost, .audio: well]).map(\.modality) == [.image])
        // Brightness and pitch are there to be read off.
        let figures = try #require(outcome.history.last?.figures)
        #expect(try #require(figures["encoder_probe/image"]) > 0.9)
        #expect(try #require(figures["gradient_norm/image"]) > 0)
    }

    @Test func modulationSlowsOnlyWhatIsAhead() throws {
        let factors = GradientModulation.factors([0.8, 0.4], alpha: 0.3)
        #expect(factors[1] == 1)
        #expect(abs(factors[0] - (1 - tanh(0.3 * 2))) < 1e-12)
        #expect(GradientModulation.factors([0, 0], alpha: 1) == [1, 1])
    }

    @Test func blendingFollowsWhatGeneralises() {
        var blending = BlendingWeights(modalities: 1)
        #expect(blending.weights == [0.5, 0.5])
        blending.update(.init(train: [1, 1], val: [1, 1]))
        // The first got better on val by 0.4 and overfitted by 0.4, the second by 0.2 and 0.2: G / O² is 2.5 and 5, and 0.1 more each.
        blending.update(.init(train: [0.2, 0.6], val: [0.6, 0.8]))
        #expect(abs(blending.weights[0] - 2.6 / 7.7) < 1e-9 && abs(blending.weights[1] - 5.1 / 7.7) < 1e-9)
    }

    @Test(arguments: ["training.balance.method=gradient-blending", "training.balance.method=ogm-ge", "fusion.type=late"])
    func aResumedRunIsBitIdenticalWithIt(_ override: String) throws {
        let overrides = [override, "training.epochs=4"]
        struct Stopped: Error {}
        try small.train("whole", overrides)
        #expect(throws: Stopped.self) { try small.train("cut", overrides) { if $0 == 2 { throw Stopped() } } }
        try small.train("cut", overrides, resume: true)
        for file in ["model/model.safetensors", "checkpoints/last/weights.safetensors", "metrics.jsonl"]
        where file != "metrics.jsonl" {
            let (a, b) = (
                small.folder.url.appendingPathComponent("whole/\(file)"), small.folder.url.appendingPathComponent("cut/\(file)")
            )
            #expect(try Data(contentsOf: a) == Data(contentsOf: b), "\(file)")
        }
    }
}
