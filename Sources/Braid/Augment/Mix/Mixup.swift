extension MixingKind {
    /// Both samples seen at once.
    static let mixup = MixingKind(
        name: "mixup", paper: "Zhang et al. 2018, arXiv:1710.09412; of embeddings: Verma et al. 2019, arXiv:1806.05236",
        meaning:
            "α of mixup: each sample is mixed with another of its batch that has the same modalities, by one share of Beta(α, α) for all of them and for the loss. Pictures of a trained encoder are mixed themselves, everything else in its embedding. 0: none.",
        cutsPictures: false)
}
