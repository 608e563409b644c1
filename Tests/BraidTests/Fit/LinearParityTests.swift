import TestSupport
import Testing
import Torch

@testable import Braid

/// Linear models, held-out answers and votes as scikit-learn and SciPy have them: scripts/references/stacked.py.
@Suite struct LinearParityTests {
    struct Case: Decodable, CustomTestStringConvertible {
        struct Labels: Decodable {
            let texts: [String]

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let flags = try? container.decode([[Int]].self) {
                    texts = flags.map { row in
                        let names = row.indices.filter { row[$0] == 1 }.map { "c\($0)" }
                        return names.isEmpty ? "|" : names.joined(separator: "|")
                    }
                } else {
                    texts = try container.decode([Double].self).map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }
                }
            }
        }
        struct Fit: Decodable {
            let penalty: Double
            let weight: [[Double]]
            let bias: [Double]
            let heldOut: [[Double]]
            let loss: Double
        }
        struct View: Decodable {
            let embeddings: [[Float]]
            let fits: [Fit]
        }

        struct Kernel: Decodable {
            let landmarks: Int
            let gamma: Double
            let logits: [[Double]]
        }

        let task: String
        let kernels: [Kernel]
        let labels: Labels
        let folds: [Int]
        let modalities: [String: View]
        let votes: [Double]
        var testDescription: String { task }

        func loss() throws -> HeadLoss {
            let kind = try #require(TaskKind.registry[task])
            let samples = labels.texts.enumerated().map { Sample(id: "\($0)", split: .train, media: [:], label: $1) }
            let target = try Target.fit(HeadSettings(kind), samples, file: "fixture")
            return try HeadLoss(target, samples, source: "fixture", device: .cpu)
        }

        func features(_ view: View) throws -> PrincipalFeatures {
            let size = view.embeddings[0].count
            let rows = try Tensor(view.embeddings.flatMap { $0 }, shape: [folds.count, size]).converted(to: .float64)
            return try PrincipalFeatures(Standardization(rows)(rows))
        }
    }

    static let cases = (try? Fixtures.json("stacked.json", as: [Case].self)) ?? []

    private func matrix(_ rows: [[Double]]) throws -> Tensor {
        try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
    }

    @Test func fixturesAreThere() { #expect(Self.cases.count == 4) }

    @Test(arguments: cases) func coefficientsAreScikitLearns(_ the: Case) throws {
        let (loss, all) = (try the.loss(), Array(the.folds.indices))
        for view in the.modalities.values {
            let problem = try LinearProblem(the.features(view), loss, samples: all, folds: nil)
            for fit in view.fits {
                let point = try problem.solution(penalty: fit.penalty, from: problem.start(), tolerance: 1e-16)
                let (weight, bias) = try problem.linear(point)
                #expect(try maxDifference(weight, matrix(fit.weight)) < 1e-5)
                #expect(try maxDifference(bias, Tensor(fit.bias, shape: [fit.bias.count])) < 1e-5)
            }
        }
    }

    @Test(arguments: cases) func heldOutAnswersAreScikitLearns(_ the: Case) throws {
        let (loss, all) = (try the.loss(), Array(the.folds.indices))
        for view in the.modalities.values {
            let folds = Folds(numbers: the.folds, count: 5)
            let problem = try LinearProblem(the.features(view), loss, samples: all, folds: folds)
            let judge = try RowLoss(loss, samples: all, counts: all.map { _ in 1 })
            for fit in view.fits {
                let path = try PenaltyPath(problem, penalties: [fit.penalty], tolerance: 1e-16) { try judge.mean($0) }
                #expect(try maxDifference(path.heldOut, matrix(fit.heldOut)) < 1e-5)
                #expect(abs(path.loss - fit.loss) < 1e-6)
            }
            // The path goes by that loss.
            let chosen = try PenaltyPath(problem, penalties: view.fits.map(\.penalty)) { try judge.mean($0) }
            let best = try #require(view.fits.min { $0.loss < $1.loss })
            #expect(chosen.penalty == best.penalty)
        }
    }

    @Test(arguments: cases) func kernelMachinesAreScikitLearns(_ the: Case) throws {
        let (view, count) = (try #require(the.modalities["image"]), the.folds.count)
        let rows = try Tensor(view.embeddings.flatMap { $0 }, shape: [count, view.embeddings[0].count]).converted(to: .float64)
        let x = try Standardization(rows)(rows)
        for kernel in the.kernels {
            let chosen = (0..<kernel.landmarks).map { Int64($0 * count / kernel.landmarks) }
            let landmarks = try x.rows(Tensor(chosen, shape: [chosen.count]))
            let features = try KernelFeatures(landmarks: landmarks, gamma: kernel.gamma)
            let problem = try LinearProblem(
                PrincipalFeatures(features(x)), the.loss(), samples: Array(the.folds.indices), folds: nil)
            let (weight, bias) = try problem.linear(problem.solution(penalty: 1, from: problem.start(), tolerance: 1e-16))
            let logits =
                try KernelFeatures.kernel(x, landmarks, kernel.gamma).matmul(features.onKernel(weight).transposed(0, 1)) + bias
            #expect(try maxDifference(logits, matrix(kernel.logits)) < 1e-5)
        }
    }

    @Test(arguments: cases) func votesAreSciPys(_ the: Case) throws {
        let all = Array(the.folds.indices)
        let experts = try ["image", "text"].map { try matrix(#require(the.modalities[$0]?.fits.first).heldOut) }
        let weights = try VoteFit(experts, RowLoss(the.loss(), samples: all, counts: all.map { _ in 1 })).weights()
        for (found, expected) in zip(weights, the.votes) { #expect(abs(found - expected) < 1e-5) }
    }

    @Test func anExpertThatKnowsNothingHasNoVote() throws {
        let the = try #require(Self.cases.first)
        let all = Array(the.folds.indices)
        let good = try matrix(#require(the.modalities["image"]?.fits.last).heldOut)
        let wrong = try good.scaled(by: -1)
        let weights = try VoteFit([wrong, good], RowLoss(the.loss(), samples: all, counts: all.map { _ in 1 })).weights()
        #expect(weights[0] == 0)
        #expect(weights[1] > 0)
    }
}
