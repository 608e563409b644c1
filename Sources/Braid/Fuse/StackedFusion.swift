// Wolpert 1992, "Stacked generalization", Neural Networks 5; Ting and Witten 1999, "Issues in Stacked Generalization", JAIR 10.
public import Torch

/// On each modality's embeddings a classifier, logistic regression and one of a Gaussian kernel where nothing else is asked for, and one on all
/// of them side by side; weights that were fitted on held-out rows add up what they say.
///
/// Nothing is trained by gradients: `fit` computes every value. Each subset of modalities has weights of its own, so that a sample is judged
/// by what it has.
public struct StackedFusion: FittedFusion {
    /// What one model sees of a sample, and how.
    struct View: Hashable {
        /// Indices of modalities.
        let modalities: [Int]
        /// Whether it sees how near the sample is to landmarks, and not the embedding itself.
        let isKernel: Bool
    }

    /// Each modality by itself, linear and then by its kernel, and with several modalities all of them together.
    let views: [View]
    /// The most landmarks of a kernel; 0 where there are no kernels.
    let landmarks: Int
    let modalities: [FusedModality]
    let targets: [Target]
    private let means: [Tensor]
    private let deviations: [Tensor]
    /// `[L, D]` and a scalar a modality; none without kernels.
    private let kernels: [(landmarks: Tensor, gamma: Tensor)]
    /// How labels are told from embeddings.
    let classifier: any EmbeddingClassifier
    /// By head and view.
    private let models: [[any ViewModel]]
    /// By head, `[2^M, V]`: what each view's logits count for each set of modalities, whose bits are its number.
    private let votes: [Tensor]

    /// The outputs of all heads.
    public let dimension: Int

    /// Declares the fusion's values in `scope`: those of a checkpoint, or zeros until `fit`.
    ///
    /// - Parameters:
    ///   - scope: The fusion's place in the model.
    ///   - modalities: What is fused, in the model's order.
    ///   - targets: What each head predicts.
    ///   - landmarks: The most landmarks of each modality's kernel; 0 for none.
    /// - Throws: `SafetensorsError`, `CheckpointError` or `TorchError` where a value cannot be read or made.
    public init(_ scope: Scope, _ modalities: [FusedModality], _ targets: [Target], landmarks: Int = 0) throws {
        try self.init(scope, modalities, targets, LogisticClassifier(landmarks: landmarks))
    }

    init(_ scope: Scope, _ modalities: [FusedModality], _ targets: [Target], _ classifier: any EmbeddingClassifier) throws {
        let landmarks = classifier.landmarks
        self.classifier = classifier
        let singles = modalities.indices.map { View(modalities: [$0], isKernel: false) }
        let bent = landmarks > 0 ? modalities.indices.map { View(modalities: [$0], isKernel: true) } : []
        let all = modalities.count > 1 ? [View(modalities: Array(modalities.indices), isKernel: false)] : []
        let views = singles + bent + all
        (self.views, self.modalities, self.targets, self.landmarks) = (views, modalities, targets, landmarks)
        means = try modalities.map { try (scope / $0.name).buffer("mean", [$0.dimension], .constant(0)) }
        deviations = try modalities.map { try (scope / $0.name).buffer("deviation", [$0.dimension], .constant(1)) }
        kernels = try (landmarks > 0 ? modalities : []).map { modality in
            let place = scope / modality.name / "kernel"
            return (
                try place.buffer("landmarks", [landmarks, modality.dimension], .constant(0)),
                try place.buffer("gamma", [], .constant(0))
            )
        }
        models = try targets.map { target in
            try views.map { view in
                let name = view.modalities.count > 1 ? "all" : modalities[view.modalities[0]].name
                let place = scope / name / (view.isKernel ? "kernel_head" : "head") / target.name
                let size = view.isKernel ? landmarks : view.modalities.reduce(0) { $0 + modalities[$1].dimension }
                return try classifier.model(place, size: size, target)
            }
        }
        votes = try targets.map { target in
            try (scope / "votes").parameter(target.name, [1 << modalities.count, views.count], .constant(0))
        }
        dimension = targets.reduce(0) { $0 + $1.outputs }
    }

    /// The weighed logits, and those of each modality by itself.
    public func callAsFunction(_ input: FusionInput, mode: Mode) throws -> Fused {
        let standardised = try input.parts.indices.map { try standardise(input.parts[$0].pooled, input.isPresent($0), $0) }
        let bits = try Tensor(modalities.indices.map { Int64(1 << $0) }, shape: [modalities.count]).moved(to: input.presence.device)
        let sets = try (input.presence.converted(to: .int64) * bits).sum([1])
        let seen = try views.map { try features($0, standardised) }
        var unimodal: [[Tensor]] = modalities.map { _ in [] }
        let logits = try targets.indices.map { head in
            let shares = try votes[head].rows(sets)
            var sum: Tensor?
            for (index, view) in views.enumerated() {
                let said = try models[head][index](seen[index])
                if view.modalities.count == 1, !view.isKernel { unimodal[view.modalities[0]].append(said) }
                let weighed = try said * shares.slice(1, index..<index + 1)
                sum = try sum.map { try $0 + weighed } ?? weighed
            }
            guard let sum else { throw BraidError(.internal, "a fusion of no modality") }
            return sum
        }
        return Fused(
            embedding: try .concatenate(logits, 1), projections: standardised, logits: logits, unimodal: unimodal)
    }

    /// What a view sees of standardised embeddings.
    private func features(_ view: View, _ standardised: [Tensor]) throws -> Tensor {
        guard view.modalities.count == 1 else { return try .concatenate(standardised, 1) }
        let index = view.modalities[0]
        guard view.isKernel else { return standardised[index] }
        return try KernelFeatures.kernel(standardised[index], kernels[index].landmarks, kernels[index].gamma)
    }

    /// Standardised embeddings `[B, D]`, zeros where the modality is missing.
    private func standardise(_ pooled: Tensor, _ isPresent: Tensor, _ index: Int) throws -> Tensor {
        try ((pooled - means[index]) / deviations[index]).where(isPresent, else: .zeros([]).moved(to: pooled.device))
    }
}

extension StackedFusion {
    /// Takes the values of a fit.
    func adopt(_ scales: [Standardization], _ found: [KernelFeatures?], _ heads: [StackedFit.Head]) throws {
        try withoutGradient {
            for (index, scale) in scales.enumerated() {
                try means[index].copyInPlace(from: scale.mean)
                try deviations[index].copyInPlace(from: scale.deviation)
            }
            for (kernel, found) in zip(kernels, found) {
                let rows = found?.landmarks.shape[0] ?? 0
                try kernel.landmarks.copyInPlace(from: .zeros([]))
                if let found { try kernel.landmarks.slice(0, 0..<rows).copyInPlace(from: found.landmarks) }
                try kernel.gamma.copyInPlace(from: .full([], found?.gamma ?? 0))
            }
            for (index, head) in heads.enumerated() {
                for (model, found) in zip(models[index], head.experts) { try model.adopt(found) }
                let table = head.votes.flatMap { $0.map(Float.init) }
                try votes[index].copyInPlace(from: Tensor(table, shape: [head.votes.count, views.count]))
            }
        }
    }
}

extension FusionKind {
    /// A classifier a modality, and one of all of them, weighed by what held-out rows show.
    public static let stacked = FusionKind(fitted: "stacked", paper: "Wolpert 1992, Neural Networks 5") { reader in
        let (_, classifier) = reader.kind(
            ClassifierKind.key, .logistic, in: ClassifierKind.registry,
            "How labels are told from embeddings; docs/transfer-few-labels.md says which for how many labels."
        ) { $1.read(&$0) }
        return { try StackedFusion($0, $1, $2, classifier) }
    }
}
