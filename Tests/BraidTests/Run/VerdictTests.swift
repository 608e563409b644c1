import Testing

@testable import Braid

/// What a comparison says of recipes whose truth is known.
@Suite struct VerdictTests {
    private let target = Target(task: Multiclass(), scale: .init(classes: ["a", "b"]))

    /// A training's answers: `isRight` says of each sample, whose label is `a`, whether it is right.
    private func predictions(_ isRight: [Bool], labels: [String]? = nil) -> HeadPredictions {
        let samples = isRight.indices.map { Sample(id: "\($0)", media: [:], label: labels?[$0] ?? "a") }
        let values: [[Float]] = isRight.indices.map { isRight[$0] == (samples[$0].label == "a") ? [0.9, 0.1] : [0.1, 0.9] }
        return HeadPredictions(target: target, samples: samples, source: "test", values: values)
    }

    /// Two recipes over seeds on the same rows: each row is easy or hard for both, and each seed has an accuracy of its own.
    private func recipes(
        rows: Int, seeds: Int, gain: Double, _ random: inout RandomSource
    ) -> (first: [[Bool]], second: [[Bool]]) {
        let ease = (0..<rows).map { _ in Double.random(in: 0.3..<0.9, using: &random) }
        func training(_ gain: Double) -> [Bool] {
            let luck = Double.random(in: -0.04..<0.04, using: &random)
            return ease.map { Double.random(in: 0..<1, using: &random) < $0 + gain + luck }
        }
        return ((0..<seeds).map { _ in training(gain) }, (0..<seeds).map { _ in training(0) })
    }

    private func verdict(_ pair: (first: [[Bool]], second: [[Bool]]), _ metric: Metric = .accuracy) throws -> Verdict {
        try Verdict.compare(pair.first.map { predictions($0) }, pair.second.map { predictions($0) }, metric)
    }

    @Test(arguments: [(18, 5), (60, 1), (60, 3), (300, 5)]) func chanceIsRarelyCalledAnEffect(_ rows: Int, _ seeds: Int) throws {
        var random = RandomSource(seed: 3)
        let runs = 400
        let found = try (0..<runs).count { _ in
            try verdict(recipes(rows: rows, seeds: seeds, gain: 0, &random)).judgement != .unproven
        }
        #expect(Double(found) / Double(runs) <= 0.05)
    }

    @Test func theIntervalCoversTheTruth() throws {
        var random = RandomSource(seed: 4)
        let (runs, gain) = (1000, 0.05)
        let covered = try (0..<runs).count { _ in
            let verdict = try verdict(recipes(rows: 300, seeds: 5, gain: gain, &random))
            return abs(verdict.gain - gain) <= verdict.halfWidth ?? 0
        }
        #expect((0.93...0.97).contains(Double(covered) / Double(runs)), "\(covered)")
    }

    @Test func whatRowsProveNeedsNoSeeds() throws {
        // 7.4 points on 690 rows: three seeds that differ little do not outweigh them.
        let rows = 690
        var random = RandomSource(seed: 6)
        let single = (0..<3).map { _ in (0..<rows).map { _ in Double.random(in: 0..<1, using: &random) < 0.7 } }
        let fused = single.map { $0.enumerated().map { $1 || $0 % 4 == 0 } }
        let found = try verdict((fused, single))
        #expect(found.judgement == .better && found.p ?? 1 < 0.001, "\(found)")
    }

    @Test func fewRowsProveNothing() throws {
        // 10 rows, 2 seeds, 2 samples' difference.
        let single = [Bool](repeating: true, count: 8) + [false, false]
        let fused = [Bool](repeating: true, count: 10)
        let found = try verdict(([fused, fused], [single, single]))
        #expect(found.judgement == .unproven)
        #expect(found.p ?? 0 >= 0.5)
        #expect(found.sentence("film", against: "image").contains("on these 10 test rows and 2 seeds, which is no proof"))
    }

    @Test func aMetricThatIsUndefinedHasNoVerdict() throws {
        let found = try verdict(([[true, true, false]], [[true, false, false]]), .auroc)
        #expect(found.judgement == .undefined && found.p == nil)
        #expect(found.sentence("film", against: "image").contains("undefined on these 3 test rows"))
    }

    @Test func rankingsAreResampled() throws {
        var random = RandomSource(seed: 5)
        let labels = (0..<120).map { $0 % 2 == 0 ? "a" : "b" }
        func one(_ share: Double) -> HeadPredictions {
            predictions(labels.map { _ in Double.random(in: 0..<1, using: &random) < share }, labels: labels)
        }
        let better = try Verdict.compare([one(0.9), one(0.9)], [one(0.6), one(0.6)], .macroF1)
        #expect(better.judgement == .better && better.test.contains("bootstrap"))
        let same = try Verdict.compare([one(0.7), one(0.7)], [one(0.7), one(0.7)], .auroc)
        #expect(same.judgement == .unproven)
    }

    @Test func errorsAreBetterWhenTheyAreSmaller() throws {
        let number = Target(task: Regression(), scale: .init(mean: 0, deviation: 1))
        let samples = (0..<40).map { Sample(id: "\($0)", media: [:], label: "0") }
        func one(_ error: Float) -> HeadPredictions {
            HeadPredictions(
                target: number, samples: samples, source: "test", values: samples.indices.map { [error * (1 + Float($0 % 3) / 10)] }
            )
        }
        #expect(try Verdict.compare([one(0.5)], [one(1)], .mae).judgement == .better)
        #expect(try Verdict.compare([one(1)], [one(0.5)], .rmse).judgement == .worse)
    }
}
