public import Torch

/// The heads on one embedding, one a thing that is predicted.
public struct TaskHeads {
    private let heads: [any Head]
    /// How many logits they give together.
    public let outputs: Int

    /// - Parameter heads: Settings and target of each; its weights are named `scope.NAME`.
    init(_ scope: Scope, _ inputs: Int, _ heads: [(settings: HeadSettings, target: Target)]) throws {
        self.heads = try heads.map { try $0.settings.make(scope / $0.settings.name, inputs, $0.target) }
        outputs = heads.reduce(0) { $0 + $1.target.outputs }
    }

    /// `[B, inputs]` to one `[B, C]` a head.
    public func callAsFunction(_ input: Tensor, mode: Mode) throws -> [Tensor] { try heads.map { try $0(input, mode: mode) } }
}
