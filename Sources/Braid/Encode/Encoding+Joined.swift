internal import Torch

extension Encoding {
    /// As fusions take it, whatever the encoder computed in.
    func inFloat32() throws -> Encoding {
        Encoding(pooled: try pooled.converted(to: .float32), tokens: try tokens.converted(to: .float32), tokenMask: tokenMask)
    }

    /// The pooled embeddings alone, where nobody wants tokens, which of a long recording are many.
    func withoutTokens() throws -> Encoding {
        Encoding(pooled: pooled, tokens: try .zeros([tokens.shape[0], 0, tokens.shape[2]]).moved(to: tokens.device))
    }

    /// One encoding a sample from encodings of windows: the mean of the pooled, the tokens behind one another.
    static func joined(_ parts: [Encoding], rowsPerSample counts: [Int]) throws -> Encoding {
        let pooled = try Tensor.concatenate(parts.map(\.pooled), 0)
        let tokens = try parts.flatMap { part in
            try (0..<part.tokens.shape[0]).map { row in
                let all = try part.tokens.select(0, row)
                guard let mask = try part.tokenMask?.select(0, row) else { return all }
                return try all.slice(0, 0..<Int(mask.converted(to: .int64).sum().item()))
            }
        }
        var start = 0
        var means: [Tensor] = []
        var joined: [Tensor] = []
        for count in counts {
            means.append(try pooled.slice(0, start..<start + count).mean([0]))
            joined.append(try Tensor.concatenate(Array(tokens[start..<start + count]), 0))
            start += count
        }
        let input = try padded(joined, with: 0)
        return Encoding(pooled: try .stack(means), tokens: input.values, tokenMask: try input.mask?.moved(to: pooled.device))
    }
}
