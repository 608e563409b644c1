internal import Foundation
internal import Torch

/// A fusion whose values are computed from embeddings at once, and not trained by gradients.
protocol FittedFusion: Fusion {
    /// Computes and takes every value.
    ///
    /// - Parameter earlier: A fit on fewer of the rows, what it chose by cross-validation being taken over; nil to choose anew.
    func fit(_ set: FittingSet, like earlier: FittingRecord?) throws -> FittingRecord
}

/// A fusion that is fitted from sums over rows, which are kept with the model: a later training adds those of further rows.
protocol AccumulatingFusion: FittedFusion {
    /// Takes over what an earlier model's `write` has left.
    ///
    /// - Parameters:
    ///   - folder: Where it lies.
    ///   - isKnown: Whether a sample is in these sums already, so that it is not added again.
    func begin(with folder: URL, counts isKnown: @escaping (Sample) -> Bool) throws

    /// Writes the sums that the last fit was computed from into an empty folder.
    func write(to folder: URL) throws
}

/// A fusion whose votes on single modalities' answers are fitted anew when it is trained.
protocol VotingFusion: Fusion {
    /// Fits the votes on rows that the heads have not learnt from.
    ///
    /// - Parameters:
    ///   - unimodal: Logits `[N, C]` of each modality, of the first head.
    ///   - loss: Of the same rows, in double precision.
    func refitVotes(_ unimodal: [Tensor], _ loss: RowLoss) throws

    /// What `refitVotes` sets, always in the same order.
    var voteTensors: [Tensor] { get }
}

/// What a fusion is fitted on.
struct FittingSet {
    /// The samples.
    let samples: [Sample]
    /// What is there, `[N][M]`.
    let presence: [[Bool]]
    /// Pooled embeddings of each modality, `[N, D]`, in the model's order. Rows of samples that lack it may hold anything.
    let embeddings: [Tensor]
    /// Each head's loss on the samples.
    let losses: [HeadLoss]
    /// Each head's labels.
    let labels: [LabelledValues]
    /// What holds each sample out.
    let folds: Folds
    /// By head: what sentences of its classes say of embeddings of length 1, `[K, D]` and `[K]`; empty where that is not asked for.
    var sentences: [LinearSolution] = []
}

/// What a fit came to.
struct FittingRecord {
    /// By name: `penalty/image`, `held_out_loss/image`, `vote/image`; with several heads behind `HEAD.`.
    let figures: [String: Double]
    /// Logits `[N, C]` a head of every sample by fits that have not seen it: zeros where nothing can be said.
    let heldOut: [Tensor]
    /// What was chosen by cross-validation, as the fusion knows it.
    let choices: any Sendable
}
