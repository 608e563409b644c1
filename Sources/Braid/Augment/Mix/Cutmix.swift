extension MixingKind {
    /// A rectangle of one picture pasted into the other.
    static let cutmix = MixingKind(
        name: "cutmix", paper: "Yun et al. 2019, arXiv:1905.04899",
        meaning:
            "α of cutmix: a rectangle of another picture of the batch takes the place of a picture's own, its share of the area drawn by Beta(α, α); other modalities are mixed in their embeddings by that share, and so is the loss. With mixup too, each batch has one of both. 0: none.",
        cutsPictures: true)
}
