internal import Torch

/// Fits a stacked fusion: standardisation, a classifier a view, and weights for each set of modalities.
struct StackedFit {
    let fusion: StackedFusion
    let set: FittingSet
    /// What an earlier fit chose; nil to choose anew.
    var choices: Choices?

    /// One head's values.
    struct Head {
        /// What the model of each view keeps; nil where too few rows have the view.
        var experts: [[Tensor]?]
        /// By set of modalities and view.
        var votes: [[Double]]
    }

    /// What one view's classifier came to.
    struct Expert {
        /// The numbers of the samples that have the view.
        let samples: [Int]
        let fit: ViewFit
    }

    /// Fewer labelled rows than these are no ground to judge on: weights of views, penalties, kernels.
    static let fewest = 10
    /// More values than these are computed with in single precision: 268 MB of double.
    private static let mostInDouble = 1 << 25

    /// More rows than these are no few, and trained fusions bend as well as kernels do; those take long there.
    private static let mostForKernels = 20_000
    /// Widths of the kernel that are tried, in `1 / (2 D)`: the inverse of the mean squared distance of standardised rows.
    private static let widths = [0.3, 1.0]

    /// What cross-validation chooses, but for votes, which every fit finds anew.
    struct Choices: Sendable {
        /// By head and view; nil where the view was not fitted.
        let views: [[ViewChoice?]]
        /// By modality: the kernel's gamma; nil where there is no kernel.
        let gammas: [Double?]
    }

    /// What a fit comes to, ready to be taken.
    struct Result {
        let scales: [Standardization]
        /// By modality; nil where there is none.
        let kernels: [KernelFeatures?]
        let heads: [Head]
        let record: FittingRecord
    }

    /// Fewer values than these are computed with on one thread: several would wait for each other, and for whatever else the machine does.
    private static let mostOnOneThread = 1 << 22

    func callAsFunction() throws -> Result {
        let values = set.embeddings.reduce(0) { $0 + $1.count }
        let fit = { try withoutGradient { try fitted() } }
        return values < Self.mostOnOneThread ? try onOneThread(fit) : try fit()
    }

    /// Rows that a kernel compares others with: spread over all, whatever their number.
    private func landmarks(_ x: Tensor) throws -> Tensor {
        let all = x.shape[0]
        let count = min(fusion.landmarks, all)
        return try x.rows(Tensor((0..<count).map { Int64($0 * all / count) }, shape: [count]))
    }

    private func fitted() throws -> Result {
        let scales = try fusion.modalities.indices.map { try scale($0) }
        var experts: [[Expert?]] = set.losses.map { _ in [] }
        var kernels: [KernelFeatures?] = fusion.modalities.map { _ in nil }
        for (index, view) in fusion.views.enumerated() {
            let rows = set.presence.indices.filter { row in view.modalities.allSatisfy { set.presence[row][$0] } }
            var found: [Expert?] = set.losses.map { _ in nil }
            if rows.count >= Self.fewest, view.isKernel, rows.count <= Self.mostForKernels {
                (kernels[view.modalities[0]], found) = try bent(view, index, rows, scales)
            } else if !rows.isEmpty, !view.isKernel {
                let features = ViewFeatures(
                    try standardised(view, rows, scales), scale: view.modalities.count == 1 ? scales[view.modalities[0]] : nil)
                found = try set.losses.indices.map { try expert(features, index, rows, $0) }
            }
            for head in set.losses.indices { experts[head].append(found[head]) }
        }
        let heads = try set.losses.indices.map { head in
            Head(
                experts: experts[head].map { $0?.fit.values },
                votes: try StackedVotes(views: fusion.views, experts: experts[head], set: set, head: head).table())
        }
        return Result(scales: scales, kernels: kernels, heads: heads, record: try record(experts, kernels, heads))
    }

    private func scale(_ modality: Int) throws -> Standardization {
        let rows = set.presence.indices.filter { set.presence[$0][modality] }
        // Of few rows none may have the modality.
        guard !rows.isEmpty else {
            let size = fusion.modalities[modality].dimension
            return try Standardization(mean: .zeros([size], dtype: .float64), variance: .ones([size], dtype: .float64))
        }
        return try .shrunk(pooled(modality, rows))
    }

    /// Embeddings of some samples, in the precision that fits are computed in.
    private func pooled(_ modality: Int, _ rows: [Int]) throws -> Tensor {
        let all = set.embeddings[modality]
        let chosen = try all.rows(Tensor(rows.map(Int64.init), shape: [rows.count]).moved(to: all.device)).moved(to: .cpu)
        return try chosen.converted(to: chosen.count > Self.mostInDouble ? .float32 : .float64)
    }

    private func standardised(_ view: StackedFusion.View, _ rows: [Int], _ scales: [Standardization]) throws -> Tensor {
        let parts = try view.modalities.map { try scales[$0](pooled($0, rows)) }
        let types = Set(parts.map(\.dtype))
        let same = types.count == 1 ? parts : try parts.map { try $0.converted(to: .float32) }
        return same.count == 1 ? same[0] : try .concatenate(same, 1)
    }

    /// The kernel whose width the held-out rows of the first head like best, and every head's model of it.
    private func bent(
        _ view: StackedFusion.View, _ index: Int, _ rows: [Int], _ scales: [Standardization]
    ) throws -> (KernelFeatures?, [Expert?]) {
        let x = try standardised(view, rows, scales)
        let chosen = try landmarks(x)
        var best: (kernel: KernelFeatures, features: ViewFeatures, expert: Expert)?
        let gammas = choices?.gammas[view.modalities[0]].map { [$0] } ?? Self.widths.map { $0 / Double(2 * x.shape[1]) }
        for gamma in gammas {
            let kernel = try KernelFeatures(landmarks: chosen, gamma: gamma)
            let features = ViewFeatures(try kernel(x))
            guard let expert = try expert(features, index, rows, 0), let loss = expert.fit.loss,
                loss < best?.expert.fit.loss ?? .infinity
            else {
                continue
            }
            best = (kernel, features, expert)
        }
        guard let best else { return (nil, set.losses.map { _ in nil }) }
        let others = try set.losses.indices.dropFirst().map { try expert(best.features, index, rows, $0) }
        return (
            best.kernel,
            try ([best.expert] + others).map { try $0.map { try onKernel($0, best.kernel) } }
        )
    }

    /// Weights on kernel values, of those on a kernel's features.
    private func onKernel(_ expert: Expert, _ kernel: KernelFeatures) throws -> Expert {
        let fit = expert.fit
        let values = [try kernel.onKernel(fit.values[0]), fit.values[1]]
        return Expert(
            samples: expert.samples, fit: ViewFit(heldOut: fit.heldOut, loss: fit.loss, choice: fit.choice, values: values))
    }

    /// nil where too few of the rows are labelled for the head; of a kernel, which has to be chosen, too few that can judge.
    private func expert(_ features: ViewFeatures, _ index: Int, _ samples: [Int], _ head: Int) throws -> Expert? {
        let isKernel = fusion.views[index].isKernel
        let rows = try ViewRows(features, samples: samples, set, head: head, isKernel: isKernel)
        guard isKernel ? rows.canJudge : rows.canLearn else { return nil }
        return Expert(samples: samples, fit: try fusion.classifier.fit(rows, like: choices?.views[head][index]))
    }

    private func record(_ experts: [[Expert?]], _ kernels: [KernelFeatures?], _ heads: [Head]) throws -> FittingRecord {
        var figures: [String: Double] = [:]
        let full = (1 << fusion.modalities.count) - 1
        let heldOut = try set.losses.indices.map { head in
            let prefix = set.losses.count > 1 ? "\(set.losses[head].target.name)." : ""
            for (index, view) in fusion.views.enumerated() {
                guard let expert = experts[head][index] else { continue }
                let name =
                    view.modalities.map { fusion.modalities[$0].name }.joined(separator: "+") + (view.isKernel ? "/kernel" : "")
                for (choice, value) in expert.fit.choice { figures["\(prefix)\(choice)/\(name)"] = value }
                figures["\(prefix)held_out_loss/\(name)"] = expert.fit.loss
                figures["\(prefix)vote/\(name)"] = heads[head].votes[full][index]
            }
            return try StackedVotes(views: fusion.views, experts: experts[head], set: set, head: head).fused(heads[head].votes)
        }
        let choices = Choices(views: experts.map { $0.map { $0?.fit.choice } }, gammas: kernels.map { $0?.gamma })
        return FittingRecord(figures: figures, heldOut: heldOut, choices: choices)
    }
}

extension StackedFusion {
    func fit(_ set: FittingSet, like earlier: FittingRecord?) throws -> FittingRecord {
        let found = try StackedFit(fusion: self, set: set, choices: earlier?.choices as? StackedFit.Choices)()
        try adopt(found.scales, found.kernels, found.heads)
        return found.record
    }
}

extension FittingSet {
    /// What each of some samples counts where held-out answers are judged: 0 where it is not labelled, or its class has no other sample
    /// outside of its fold, so that nothing could learn it.
    func judged(_ rows: [Int], _ head: Int) -> [Double] {
        let labels = labels[head]
        guard labels.target.form == .classes else { return rows.map { labels.isKnown[$0] ? 1 : 0 } }
        let classes = labels.indices
        var foldsOfClass: [Int: Set<Int>] = [:]
        for row in rows where labels.isKnown[row] { foldsOfClass[classes[row], default: []].insert(folds.numbers[row]) }
        return rows.map { labels.isKnown[$0] && foldsOfClass[classes[$0], default: []].count > 1 ? 1 : 0 }
    }
}
