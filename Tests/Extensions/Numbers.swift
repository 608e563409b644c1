import Braid
import Torch

/// Number columns as a modality: a row has it where all of them are filled in.
enum Numbers {
    static let columns = ["height", "weight_kg"]

    static let kind = ModalityKind(
        name: "numbers", sources: columns, batching: .init(window: 512, positions: 4096, hasLength: false),
        read: { cells in
            let texts = columns.compactMap { cells.cell($0) }
            if (1..<columns.count).contains(texts.count) {
                cells.fault(columns[0], "some number columns are empty, and others are not")
            }
            return texts.count == columns.count ? .inline(texts.joined(separator: " ")) : nil
        },
        check: { _ = try values($0) })

    /// The numbers of a medium.
    static func values(_ medium: Medium) throws -> [Float] {
        let texts = try medium.text().split(separator: " ")
        let values = texts.compactMap { Float($0) }.filter(\.isFinite)
        guard values.count == columns.count, values.count == texts.count else {
            throw DecodeError(path: "\(columns.joined(separator: ", "))", reason: "expected \(columns.count) numbers")
        }
        return values
    }

    /// Numbers as they are, `[columns]`.
    struct FrontEnd: Braid.FrontEnd {
        var summary: String { "\(columns.count) numbers" }
        func prepare(_ medium: Medium) throws -> Tensor { try Tensor(values(medium), shape: [columns.count]) }
        func collate(_ prepared: [Tensor]) throws -> EncoderInput { EncoderInput(values: try .stack(prepared)) }
    }

    /// One layer.
    struct Encoder: Braid.Encoder {
        let dimension = 8
        let blocks: [[String]] = [["layer."]]
        private let layer: Linear

        init(_ scope: Scope) throws { layer = try Linear(scope / "layer", columns.count, dimension) }

        /// `[B, columns]` to `[B, 8]`; a single token.
        func callAsFunction(_ input: EncoderInput, mode: Mode) throws -> Encoding {
            let pooled = try layer(input.values).tanh()
            return Encoding(pooled: pooled, tokens: try pooled.unsqueezed(1))
        }
    }

    /// Makes manifests, configurations and commands know the columns, and an encoder for them.
    static func register() throws {
        let modality = try ModalityKind.register(kind)
        try EncoderRegistry.register(
            EncoderBuilder(modality: modality, name: "numbers-mlp", paper: "docs/extending.md") { source in
                (try Encoder(source.scope), FrontEnd())
            })
    }
}
