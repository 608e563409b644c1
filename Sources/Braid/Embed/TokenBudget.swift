internal import Torch

/// Brings token sequences down to a length that can be kept and attended.
enum TokenBudget {
    /// At most `count` tokens a sample: those there are, or else the means of as many equal stretches of them.
    ///
    /// - Returns: `[B, T, C]` with T at most `count`, and bool `[B, T]`, true where a token is real.
    static func reduced(_ encoding: Encoding, to count: Int) throws -> (tokens: Tensor, mask: Tensor) {
        let (batch, length) = (encoding.tokens.shape[0], encoding.tokens.shape[1])
        let device = encoding.tokens.device
        let mask = try encoding.tokenMask ?? Tensor.ones([batch, length], dtype: .bool).moved(to: device)
        guard length > count else { return (encoding.tokens, mask) }
        let isReal = try mask.converted(to: .uint8).array(of: UInt8.self)
        var weights = [Float](repeating: 0, count: batch * count * length)
        var kept = [UInt8](repeating: 0, count: batch * count)
        for row in 0..<batch {
            let real = (0..<length).filter { isReal[row * length + $0] != 0 }
            let stretches = min(count, real.count)
            for (position, token) in real.enumerated() {
                let stretch = position * stretches / real.count
                // How many tokens fall into the stretch: those whose position times stretches over count lands in it.
                let first = (stretch * real.count + stretches - 1) / stretches
                let end = ((stretch + 1) * real.count + stretches - 1) / stretches
                weights[(row * count + stretch) * length + token] = 1 / Float(end - first)
                kept[row * count + stretch] = 1
            }
        }
        let averaging = try Tensor(weights, shape: [batch, count, length]).moved(to: device)
        // Masked tokens may hold anything, and nothing times a weight of zero is not always nothing.
        let nothing = try Tensor.zeros([]).moved(to: device)
        let tokens = try encoding.tokens.where(mask.unsqueezed(-1), else: nothing)
        let reducedMask = try Tensor(kept, shape: [batch, count]).converted(to: .bool).moved(to: device)
        return (try averaging.matmul(tokens), reducedMask)
    }
}
