import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Against PyTorch: scripts/references/losses.py.
@Suite struct LossTests {
    private struct Cases: Decodable {
        struct Alignment: Decodable {
            let temperature: Double
        }
        let cases: [Case]
        let alignment: Alignment
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name, task, loss: String
        let smoothing, gamma: Double

        var testDescription: String { name }
    }

    static let cases: [Case] = (try? Fixtures.json("losses.json") as Cases)?.cases ?? []

    @Test func everyLossOfEveryTaskIsThere() {
        let losses = ClassificationSettings.Loss.allCases.map(\.rawValue)
        let expected =
            ["binary", "multiclass", "multilabel"].flatMap { task in losses.map { "\(task) \($0)" } }
            + Regression.Loss.allCases.map { "regression \($0.rawValue)" }
        #expect(Set(Self.cases.map { "\($0.task) \($0.loss)" }) == Set(expected))
    }

    @Test(arguments: cases) func valuesAndGradientsArePyTorchs(_ expected: Case) throws {
        let file = try Fixtures.tensors("losses.safetensors")
        let name = expected.name
        let task = try Self.task(
            TaskKind.registry.find(expected.task),
            ["loss=\(expected.loss)"]
                + (expected.smoothing > 0 ? ["label_smoothing=\(expected.smoothing)"] : [])
                + (expected.loss == "focal" ? ["focal_gamma=\(expected.gamma)"] : []))
        let logits = try file.tensor("\(name).logits").cloned()
        try logits.setRequiresGradient(true)
        let rows = try task.loss(logits, file.tensor("\(name).targets"), balance: nil)
        try #expect(maxDifference(rows, file.tensor("\(name).rows")) <= 1e-5)
        let weights = try file.tensor("\(name).weights")
        let mean = try (rows * weights).sum() / weights.sum()
        try #expect(abs(mean.item() - file.tensor("\(name).loss").item()) <= 1e-5)
        try mean.backward()
        try #expect(maxDifference(#require(try logits.gradient()), file.tensor("\(name).gradient")) <= 1e-5)
    }

    /// A task as a configuration with these keys has it.
    private static func task(_ kind: TaskKind, _ keys: [String]) throws -> any LearningTask {
        var reader = ConfigurationReader(
            ConfigurationDocument(yaml: "", file: "test", overrides: ["head.task=\(kind)"] + keys.map { "head.\($0)" }))
        let head = HeadSettings.read(&reader)[0]
        try reader.check()
        return head.task
    }

    @Test func alignmentIsPyTorchs() throws {
        let file = try Fixtures.tensors("losses.safetensors")
        let temperature = (try Fixtures.json("losses.json") as Cases).alignment.temperature
        let (a, b) = (try file.tensor("alignment.a").cloned(), try file.tensor("alignment.b").cloned())
        for leaf in [a, b] { try leaf.setRequiresGradient(true) }
        let loss = try ContrastiveLoss.loss(a, b, temperature: temperature)
        try #expect(abs(loss.item() - file.tensor("alignment.loss").item()) <= 1e-5)
        try loss.backward()
        try #expect(maxDifference(#require(try a.gradient()), file.tensor("alignment.gradient.a")) <= 1e-4)
        try #expect(maxDifference(#require(try b.gradient()), file.tensor("alignment.gradient.b")) <= 1e-4)
    }

    /// The whole path from labels to the loss: what is not labelled does not count, weights and class weights do.
    @Test(arguments: TaskKind.registry.all) func unlabelledSamplesDoNotCount(_ kind: TaskKind) throws {
        let labels: [String?] = kind == .regression ? ["1", nil, "3", "7"] : ["a", nil, "b", "a"]
        let samples = labels.enumerated().map { Sample(id: "\($0)", split: .train, labels: $1.map { ["label": $0] } ?? [:]) }
        let target = try Target.fit(HeadSettings(kind), samples, file: "m.csv")
        let order = try Tensor.range(4)
        let logits = try Tensor.randomNormal([4, target.outputs])
        let loss = try HeadLoss(target, samples, source: "m.csv", device: .cpu)(logits, order).item()
        // Another value for the unlabelled sample changes nothing; one for another sample does.
        let (other, changed) = (try replaced(logits, row: 1), try replaced(logits, row: 2))
        try #expect(HeadLoss(target, samples, source: "m.csv", device: .cpu)(other, order).item() == loss)
        try #expect(HeadLoss(target, samples, source: "m.csv", device: .cpu)(changed, order).item() != loss)
        guard kind.form != .number else { return }
        let balanced = Target(task: try Self.task(kind, ["class_weights=balanced"]), scale: target.scale)
        try #expect(HeadLoss(balanced, samples, source: "m.csv", device: .cpu)(logits, order).item() != loss)
    }

    private func replaced(_ tensor: Tensor, row: Int) throws -> Tensor {
        let copy = try tensor.cloned()
        let index = try Tensor([Int64(row)], shape: [1])
        try copy.copyRowsInPlace(index, from: .full([1, tensor.shape[1]], 3))
        return copy
    }
}
