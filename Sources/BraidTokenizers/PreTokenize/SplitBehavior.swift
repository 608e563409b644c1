internal import BraidSupport

/// What becomes of the matches of a pattern that text is cut at.
enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    init(_ settings: JSONObject, _ fallback: String? = nil) throws {
        let name = try settings.string("behavior", fallback)
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw settings.unknown(
                "behavior", name, ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"])
        }
        self = behavior
    }
}

/// Cuts one piece: takes its matches and the stretches between them in order, and gives pieces.
struct Splitter {
    private struct Stretch {
        var start: Int
        var end: Int
        let isMatch: Bool
    }

    private let behavior: SplitBehavior
    private var stretches: [Stretch] = []

    init(_ behavior: SplitBehavior) { self.behavior = behavior }

    /// The next stretch, which begins where the one before ended.
    @inline(__always)
    mutating func add(_ start: Int, _ end: Int, isMatch: Bool, _ list: inout PieceList) {
        guard start < end else { return }
        switch behavior {
        case .isolated: list.append(start, end)
        case .removed: if !isMatch { list.append(start, end) }
        default: stretches.append(Stretch(start: start, end: end, isMatch: isMatch))
        }
    }

    /// Gives the pieces that had to wait for all stretches.
    mutating func finish(_ list: inout PieceList) {
        guard !stretches.isEmpty else { return }
        var merged: [Stretch] = []
        var previousIsMatch = false
        for stretch in behavior == .mergedWithNext ? stretches.reversed() : stretches {
            let joins =
                behavior == .contiguous ? stretch.isMatch == previousIsMatch : stretch.isMatch && !previousIsMatch
            previousIsMatch = stretch.isMatch
            guard joins, let last = merged.indices.last else {
                merged.append(stretch)
                continue
            }
            merged[last].start = min(merged[last].start, stretch.start)
            merged[last].end = max(merged[last].end, stretch.end)
        }
        for stretch in behavior == .mergedWithNext ? merged.reversed() : merged { list.append(stretch.start, stretch.end) }
        stretches.removeAll(keepingCapacity: true)
    }
}
