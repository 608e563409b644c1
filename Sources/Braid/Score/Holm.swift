/// Holm's step-down correction (1979): p-values of several tests, so that the chance of any false alarm among them stays at the level.
public enum Holm {
    /// Each p-value, corrected, in the order given: it is below a level where Holm's procedure rejects at that level.
    ///
    /// - Parameter p: The p-values of all tests that are made.
    public static func adjusted(_ p: [Double]) -> [Double] {
        var (adjusted, largest) = (p, 0.0)
        for (rank, place) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated() {
            largest = max(largest, min(1, Double(p.count - rank) * p[place]))
            adjusted[place] = largest
        }
        return adjusted
    }
}
