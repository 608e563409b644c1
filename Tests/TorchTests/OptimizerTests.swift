import Foundation
import TestSupport
import Testing
import Torch

/// Against trajectories that PyTorch and Transformers made: scripts/references/ops.py.
@Suite struct OptimizerTests {
    @Test func adamWFollowsPyTorch() throws {
        try follow("adamw", learningRate: 0.01) { try AdamW([ParameterGroup("all", $0, weightDecay: 0.1)]) }
    }

    @Test func sgdFollowsPyTorch() throws {
        try follow("sgd", learningRate: 0.1) { try SGD([ParameterGroup("all", $0, weightDecay: 0.01)], momentum: 0.9) }
        try follow("sgd_nesterov", learningRate: 0.1) {
            try SGD([ParameterGroup("all", $0, weightDecay: 0.01)], momentum: 0.9, nesterov: true)
        }
    }

    /// Against timm's, over a hundred steps.
    @Test func lionAndLAMBFollowTimm() throws {
        try follow100("lion", 0.003) { try Lion([ParameterGroup("all", $0, weightDecay: 0.1)]) }
        try follow100("lamb", 0.01) { try LAMB([ParameterGroup("all", $0, weightDecay: 0.1)]) }
        try follow100("lamb_plain", 0.01) { try LAMB([ParameterGroup("all", $0, weightDecay: 0)]) }
    }

    private func follow100(_ name: String, _ rate: Double, _ make: ([TrainedParameter]) throws -> any Optimizer) throws {
        let file = try Fixtures.tensors("optimizers.safetensors")
        let parameter = try file.tensor("\(name)/param0").cloned()
        try parameter.setRequiresGradient(true)
        let optimizer = try make([TrainedParameter(path: "p", tensor: parameter)])
        for step in 0..<100 {
            try optimizer.clearGradients()
            try (parameter * file.tensor("\(name)/gradients").select(0, step)).sum().backward()
            try optimizer.step(learningRate: rate)
        }
        #expect(try maxDifference(parameter.detached(), file.tensor("\(name)/param100")) <= 1e-5, "\(name)")
    }

    private func follow(_ name: String, learningRate: Double, _ make: ([TrainedParameter]) throws -> any Optimizer) throws {
        let file = try Fixtures.tensors("optimizers.safetensors")
        let parameter = try file.tensor("\(name)/param0").cloned()
        try parameter.setRequiresGradient(true)
        let optimizer = try make([TrainedParameter(path: "p", tensor: parameter)])
        for step in 0..<5 {
            try optimizer.clearGradients()
            // d(sum(p * g))/dp is g.
            try (parameter * file.tensor("\(name)/grad\(step)")).sum().backward()
            try optimizer.step(learningRate: learningRate)
            try #expect(
                maxDifference(parameter.detached(), file.tensor("\(name)/param\(step + 1)")) <= 1e-6, "\(name), step \(step)")
        }
    }

    @Test func clippingFollowsPyTorch() throws {
        let file = try Fixtures.tensors("optimizers.safetensors")
        let parameters = try (0..<2).map { index in
            let gradient = try file.tensor("clip/grad\(index)")
            let parameter = try Tensor.zeros(gradient.shape)
            try parameter.setRequiresGradient(true)
            try (parameter * gradient).sum().backward()
            return TrainedParameter(path: "p\(index)", tensor: parameter)
        }
        let norm = try AdamW([ParameterGroup("all", parameters, weightDecay: 0.01)]).clipGradients(to: 1)
        #expect(abs(norm - (try file.tensor("clip/norm").item())) < 1e-4)
        for (index, parameter) in parameters.enumerated() {
            try #expect(maxDifference(#require(try parameter.tensor.gradient()), file.tensor("clip/clipped\(index)")) <= 1e-6)
        }
    }

    @Test func stateRoundTrips() throws {
        let folder = try TemporaryFolder()
        func run(_ interrupt: Bool) throws -> [Float] {
            var parameter = try Tensor([Float(1), -2, 3], shape: [3])
            try parameter.setRequiresGradient(true)
            var optimizer = try AdamW([ParameterGroup("all", [TrainedParameter(path: "p", tensor: parameter)], weightDecay: 0.01)])
            for step in 0..<4 {
                if interrupt && step == 2 {
                    let url = folder.url.appendingPathComponent("state.safetensors")
                    try SafetensorsWriter.write(try optimizer.state(), to: url)
                    parameter = try Tensor(try parameter.array() as [Float], shape: [3])
                    try parameter.setRequiresGradient(true)
                    optimizer = try AdamW([
                        ParameterGroup("all", [TrainedParameter(path: "p", tensor: parameter)], weightDecay: 0.01)
                    ])
                    try optimizer.restore(SafetensorsFile(url))
                }
                try optimizer.clearGradients()
                try (parameter * parameter).sum().backward()
                try optimizer.step(learningRate: 0.1)
            }
            return try parameter.array()
        }
        #expect(try run(true) == run(false))
    }

    @Test(arguments: Schedule.allCases) func scheduleFollowsTransformers(_ schedule: Schedule) throws {
        let expected: [String: [Double]] = try Fixtures.json("schedules.json")
        let factors = try #require(expected[schedule.rawValue])
        for (step, factor) in factors.enumerated() {
            #expect(abs(schedule.factor(step: step, of: 100, warmup: 10) - factor) < 1e-9, "\(schedule), step \(step)")
        }
    }
}
