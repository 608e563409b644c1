/// What is taken of the tokens; the raw values are the names in sentence-transformers' `pooling_mode`.
public enum TextPoolingMode: String, Sendable, CaseIterable {
    /// The first token, which stands for the whole text in BERT's pretraining.
    case cls
    /// The mean of all tokens that are not padding.
    case mean
    /// The largest value of each dimension, over all tokens that are not padding.
    case max
    /// The last token that is not padding: a causal decoder has read the whole text there.
    case last = "lasttoken"
    /// The sum of all tokens over the square root of their number.
    case meanOverRoot = "mean_sqrt_len_tokens"
    /// The mean of all tokens, of which later ones weigh more: token t, counted from 0, by t + 1.
    case weightedMean = "weightedmean"
}
