extension EncoderOptions {
    /// Refuses `window` and `overlap` for an encoder whose windows are fixed: `reason` says by what.
    func refuseWindows(for reason: String) throws {
        guard window == nil, overlap == nil else {
            throw BraidError(
                .badConfiguration, "window and overlap act only where an audio encoder takes any length; \(reason)")
        }
    }

    /// Refuses `truncate_dim`, and another `pooling` than the one that a projection was trained behind.
    ///
    /// - Parameter pooled: The mode that the projection was trained behind.
    func refuseOtherPooling(than pooled: TextPoolingMode) throws {
        guard pooling ?? pooled == pooled, truncation == nil else {
            throw BraidError(
                .badConfiguration,
                "pooling and truncate_dim do not act on this text tower: its projection was trained behind pooling \(pooled.rawValue), and puts all values into a space that it shares with another tower; leave them out"
            )
        }
    }
}
