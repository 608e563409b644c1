internal import Torch

/// The heads on one embedding, one a thing that is predicted.
struct TaskHeads {
    private let heads: [MLPHead]

    /// - Parameter heads: Settings and number of outputs of each; its weights are named `scope.NAME`.
    init(_ scope: Scope, _ inputs: Int, _ heads: [(settings: Configuration.Head, outputs: Int)]) throws {
        self.heads = try heads.map {
            try MLPHead(
                scope / $0.settings.name, inputs, hidden: $0.settings.hidden, outputs: $0.outputs, dropout: $0.settings.dropout)
        }
    }

    /// `[B, inputs]` to one `[B, C]` a head.
    func callAsFunction(_ input: Tensor, mode: Mode) throws -> [Tensor] { try heads.map { try $0(input, mode: mode) } }
}
