import Testing

@testable import Torch

@Suite(.serialized) struct GeneratorTests {
    /// A thread's own draws are those of libtorch's default generator with the same seed, and leave that one alone.
    @Test func ownDrawsAreThoseOfTheSeedAndLeaveTheDefaultAlone() throws {
        try Generator.own(seed: 1) {
            let first = try Tensor.randomNormal([100]).bytes()
            let within = try Generator.own(seed: 1) { try Tensor.randomNormal([100]).bytes() }
            #expect(first == within)
            let state = try Generator.state()
            let next = try Tensor.randomNormal([100]).bytes()
            try Generator.restore(state)
            #expect(try Tensor.randomNormal([100]).bytes() == next)
            try Generator.seed(1)
            #expect(try Tensor.randomNormal([100]).bytes() == first)
        }
    }

    /// As many are dropped as asked for, the others keep the mean, and gradients pass where values do.
    @Test(arguments: [0.1, 0.3, 0.5, 0.9])
    func dropoutDropsTheShareItIsAskedFor(_ probability: Double) throws {
        try Generator.own(seed: 7) {
            let x = try Tensor.ones([1001, 101])
            try x.setRequiresGradient(true)
            let dropped = try x.dropout(probability, mode: .train)
            let values = try dropped.array()
            let share = Double(values.count { $0 == 0 }) / Double(values.count)
            // Four standard errors of a share of 101,101.
            #expect(abs(share - probability) < 4 * (probability * (1 - probability) / 101_101).squareRoot())
            #expect(values.allSatisfy { $0 == 0 || abs(Double($0) - 1 / (1 - probability)) < 1e-3 })
            try dropped.sum().backward()
            #expect(try x.gradient()?.array() == values)
            // Neighbours, which share the bits of a draw, are independent.
            let both = zip(values, values.dropFirst()).count { $0 == 0 && $1 == 0 }
            #expect(abs(Double(both) / 101_100 - probability * probability) < 0.006)
        }
    }

    @Test func dropoutOfNothingOrEverything() throws {
        let x = try Tensor.ones([5, 3])
        #expect(try x.dropout(0.5, mode: .evaluate).array() == x.array() && x.dropout(0, mode: .train).array() == x.array())
        #expect(try x.dropout(1, mode: .train).array().allSatisfy { $0 == 0 })
        #expect(try Tensor.zeros([0, 3]).dropout(0.5, mode: .train).count == 0)
    }
}
