internal import Torch

extension StackedFit {
    /// The models of all rows alone, with penalties, kernels and votes that are known.
    func refitted(_ choices: Choices) throws -> Result {
        let scales = try fusion.modalities.indices.map { try scale($0) }
        var kernels: [KernelFeatures?] = fusion.modalities.map { _ in nil }
        var experts: [[(weight: Tensor, bias: Tensor)?]] = set.losses.map { _ in [] }
        for (index, view) in fusion.views.enumerated() {
            guard choices.penalties.contains(where: { $0[index] != nil }) else {
                for head in set.losses.indices { experts[head].append(nil) }
                continue
            }
            let rows = rows(of: view)
            var x = try standardised(view, rows, scales)
            if view.isKernel, let gamma = choices.gammas[view.modalities[0]] {
                let kernel = try KernelFeatures(landmarks: landmarks(x), gamma: gamma)
                kernels[view.modalities[0]] = kernel
                x = try kernel(x)
            }
            let features = try PrincipalFeatures(x)
            for head in set.losses.indices {
                let expert = try choices.penalties[head][index].map { penalty in
                    let (weight, bias) = try whole(features, rows, head, penalty: penalty, from: nil, isKernel: view.isKernel)
                    return (
                        weight: try view.isKernel ? kernels[view.modalities[0]]?.onKernel(weight) ?? weight : weight, bias: bias
                    )
                }
                experts[head].append(expert)
            }
        }
        let heads = zip(experts, choices.votes).map { Head(experts: $0, votes: $1) }
        return Result(
            scales: scales, kernels: kernels, heads: heads, record: FittingRecord(figures: [:], heldOut: [], choices: choices))
    }
}
