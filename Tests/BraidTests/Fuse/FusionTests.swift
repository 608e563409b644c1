import TestSupport
import Testing
import Torch

@testable import Braid

/// What holds of every fusion, whatever its formula.
@Suite struct FusionTests {
    private static let sizes = [("image", 6, 5), ("text", 4, 4), ("audio", 3, 3)]

    private func model(
        _ kind: FusionKind, modalities: Int = 3, store: ParameterStore = ParameterStore(),
        _ keys: [String: String] = [:]
    ) throws -> AnyFusion {
        try Generator.seed(1)
        let settings = try FusionSettings.of(kind, ["dim": "8", "layers": "2", "heads": "2", "dropout": "0"].merging(keys) { $1 })
        let sizes = Self.sizes.prefix(modalities).map { FusedModality($0.0, dimension: $0.1, tokenDimension: $0.2) }
        let fusion = try AnyFusion(Scope(store), sizes, settings)
        // What is fitted is zero until then, and zeros hide everything.
        if kind.isFitted {
            try withoutGradient {
                for entry in store.parameters { try entry.tensor.copyInPlace(from: .randomNormal(entry.tensor.shape)) }
            }
        }
        return fusion
    }

    private func part(_ index: Int, _ rows: Int) throws -> FusionInput.Part {
        let (_, pooled, tokens) = Self.sizes[index]
        return FusionInput.Part(pooled: try .randomNormal([rows, pooled]), tokens: try .randomNormal([rows, 4, tokens]))
    }

    private func mask(_ rows: [[UInt8]]) throws -> Tensor {
        try Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]).converted(to: .bool)
    }

    private func filled(_ index: Int, _ value: Double) throws -> FusionInput.Part {
        let (_, pooled, tokens) = Self.sizes[index]
        return FusionInput.Part(pooled: try .full([1, pooled], value), tokens: try .full([1, 4, tokens], value))
    }

    @Test(arguments: FusionKind.fusions) func whatStandsInAMissingRowLeavesNoTrace(_ kind: FusionKind) throws {
        let fusion = try model(kind)
        let others = [try part(1, 1), try part(2, 1)]
        let outputs = try [0, 17, -1e30, Double.nan, .infinity].map { garbage in
            try fusion(FusionInput([filled(0, garbage)] + others, presence: mask([[0, 1, 1]])))
        }
        for output in outputs.dropFirst() { try #expect(maxDifference(output, outputs[0]) == 0) }
    }

    @Test(arguments: FusionKind.fusions) func garbageLeavesNoTraceInGradientsEither(_ kind: FusionKind) throws {
        var gradients: [[[Float]]] = []
        for garbage in [0, Double.nan] {
            let store = ParameterStore()
            let fusion = try model(kind, modalities: 2, store: store)
            for entry in store.parameters { try entry.tensor.setRequiresGradient(true) }
            try Generator.seed(7)
            let input = FusionInput([try filled(0, garbage), try part(1, 1)], presence: try mask([[0, 1]]))
            try fusion(input, mode: .train).power(2).sum().backward()
            gradients.append(try store.parameters.map { try $0.tensor.gradient()?.array() ?? [] })
        }
        #expect(gradients[0] == gradients[1])
        #expect(!gradients[1].joined().contains { !$0.isFinite })
    }

    @Test(arguments: FusionKind.fusions.filter(\.takesTokens)) func maskedTokensLeaveNoTrace(_ kind: FusionKind) throws {
        let fusion = try model(kind)
        let isReal = try Tensor([UInt8(1), 1, 0, 0], shape: [1, 4]).converted(to: .bool)
        let real = try Tensor.randomNormal([1, 2, 5])
        let outputs = try [0, 1e30, Double.nan].map { garbage in
            let tokens = try Tensor.concatenate([real, .full([1, 2, 5], garbage)], 1)
            let first = FusionInput.Part(pooled: try .ones([1, 6]), tokens: tokens, tokenMask: isReal)
            return try fusion(FusionInput([first, filled(1, 0.5), filled(2, 0.5)], presence: mask([[1, 1, 1]])))
        }
        for output in outputs.dropFirst() { try #expect(maxDifference(output, outputs[0]) == 0) }
    }

    @Test(arguments: FusionKind.fusions) func everyModalityAndItsAbsenceMatters(_ kind: FusionKind) throws {
        let fusion = try model(kind)
        let parts = try (0..<3).map { try part($0, 1) }
        let full = try fusion(FusionInput(parts, presence: mask([[1, 1, 1]])))
        for index in 0..<3 {
            var flags: [UInt8] = [1, 1, 1]
            flags[index] = 0
            try #expect(maxDifference(full, fusion(FusionInput(parts, presence: mask([flags])))) > 1e-4)
            var changed = parts
            changed[index] = try part(index, 1)
            try #expect(maxDifference(full, fusion(FusionInput(changed, presence: mask([[1, 1, 1]])))) > 1e-5)
        }
    }

    @Test(arguments: FusionKind.fusions) func samplesOfABatchDoNotMeet(_ kind: FusionKind) throws {
        let fusion = try model(kind)
        let parts = try (0..<3).map { try part($0, 3) }
        let rows: [[UInt8]] = [[1, 1, 1], [0, 1, 0], [1, 0, 1]]
        let together = try fusion(FusionInput(parts, presence: mask(rows)))
        for row in 0..<3 {
            let own = try parts.map { part in
                FusionInput.Part(pooled: try part.pooled.slice(0, row..<row + 1), tokens: try part.tokens?.slice(0, row..<row + 1))
            }
            let alone = try fusion(FusionInput(own, presence: mask([rows[row]])))
            // Random weights of hundreds of landmarks make large sums.
            try #expect(maxDifference(together.slice(0, row..<row + 1), alone) <= (kind.isFitted ? 1e-4 : 1e-6))
        }
    }

    @Test(arguments: FusionKind.fusions, 1...3) func takesAnyNumberOfModalities(_ kind: FusionKind, _ count: Int) throws {
        let fusion = try model(kind, modalities: count)
        let parts = try (0..<count).map { try part($0, 2) }
        let output = try fusion(FusionInput(parts, presence: mask(Array(repeating: Array(repeating: 1, count: count), count: 2))))
        #expect(output.shape == [2, kind.hasOwnHeads ? 3 : 8])
        #expect(try output.array().allSatisfy { (value: Float) in value.isFinite })
    }
}

/// A fusion of any kind; of one with heads of its own its three logits.
struct AnyFusion {
    private let fusion: any Fusion

    init(_ scope: Scope, _ modalities: [FusedModality], _ settings: FusionSettings) throws {
        fusion = try settings.make(scope, modalities, [.three]) { try .three($0, $1) }
    }

    func callAsFunction(_ input: FusionInput, mode: Mode = .evaluate) throws -> Tensor {
        let fused = try fusion(input, mode: mode)
        // What heads of single modalities learn from goes along, so that gradients reach them.
        let unimodal = try fused.unimodal.map { try $0[0].scaled(by: mode.isTraining ? 1 : 0) }
        return try unimodal.reduce(fused.embedding) { try $0 + $1 }
    }
}

extension TaskHeads {
    /// One head of three classes with a hidden layer of seven.
    static func three(_ scope: Scope, _ inputs: Int) throws -> TaskHeads {
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "head: {hidden: [7], dropout: 0}", file: "test"))
        let settings = HeadSettings.read(&reader)[0]
        return try TaskHeads(scope, inputs, [(settings: settings, target: .three)])
    }
}

extension Target {
    /// Three classes.
    static let three = Target(scale: .init(classes: ["0", "1", "2"]))
}

extension FusionSettings {
    /// Settings of a fusion, as far as it knows the keys given.
    static func of(_ kind: FusionKind, _ keys: [String: String]) throws -> FusionSettings {
        let overrides = ["fusion.type=\(kind.name)"] + keys.map { "fusion.\($0.key)=\($0.value)" }
        var reader = ConfigurationReader(
            ConfigurationDocument(yaml: "", file: "test", overrides: overrides), allowsIdleKeys: true)
        let settings = FusionSettings(&reader, modalities: 3)
        try reader.check()
        return settings
    }
}
