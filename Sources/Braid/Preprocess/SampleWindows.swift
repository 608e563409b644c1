/// Cuts a recording that comes piece by piece into windows of samples, and holds no more of it than a window and a piece.
///
/// A recording shorter than a window is one window. Of a longer one the last window ends with it, and so may begin before the next one would.
struct SampleWindows {
    /// Samples of a window.
    let size: Int
    /// Samples between the starts of two windows.
    let hop: Int
    /// The last samples, and the number of the first of them.
    private var held: [Float] = []
    private var start = 0
    /// Where the next window starts.
    private var next = 0
    /// The samples that came.
    private var total: Int { start + held.count }

    init(size: Int, hop: Int) { (self.size, self.hop) = (size, hop) }

    /// Takes the next samples; gives the windows that they complete.
    mutating func take(_ samples: [Float]) -> [[Float]] {
        held += samples
        var ready: [[Float]] = []
        while next + size <= total {
            ready.append(Array(held[next - start..<next - start + size]))
            next += hop
        }
        guard !ready.isEmpty else { return [] }
        let kept = min(next, total - size)
        held.removeFirst(kept - start)
        start = kept
        return ready
    }

    /// What is left when all samples have come.
    func finish() -> [[Float]] {
        guard total >= size else { return [held] }
        let last = next - hop
        return last + size < total ? [Array(held.suffix(size))] : []
    }
}
