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
        #expect(head.chart.svg.contains("polyline"))
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
