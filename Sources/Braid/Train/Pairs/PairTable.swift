/// Every pair of some samples, each sample with itself among them: those that share a label, and those that do not.
///
/// Pairs are numbered within their kind, and found by their number: a table holds a number a sample, and no pair. A sample without any label is
/// like no other, and has no pair with itself.
struct PairTable {
    /// How many samples there are.
    let count: Int
    /// The labels of each sample, a bit a class, `words` words a sample.
    private let labels: [UInt64]
    private let words: Int
    /// How many pairs of the kind begin with a sample before this one; one entry more than there are samples.
    private let alikeBefore: [Int]
    private let differentBefore: [Int]

    /// How many pairs share a label.
    var alike: Int { alikeBefore[count] }
    /// How many do not.
    var different: Int { differentBefore[count] }

    /// - Parameter classes: The classes of each sample by number: one, or as many as apply.
    init(_ classes: [[Int]]) {
        let words = (classes.joined().max() ?? 0) / 64 + 1
        var labels = Array(repeating: UInt64(0), count: classes.count * words)
        for (row, own) in classes.enumerated() { for name in own { labels[row * words + name / 64] |= 1 << UInt64(name % 64) } }
        (count, self.labels, self.words) = (classes.count, labels, words)
        var (alike, different) = ([0], [0])
        for first in classes.indices {
            let shared = (first..<classes.count).count { Self.share(labels, words, first, $0) }
            let isWithItself = classes[first].isEmpty
            alike.append(alike[first] + shared)
            different.append(different[first] + classes.count - first - shared - (isWithItself ? 1 : 0))
        }
        (alikeBefore, differentBefore) = (alike, different)
    }

    private static func share(_ labels: [UInt64], _ words: Int, _ first: Int, _ second: Int) -> Bool {
        (0..<words).contains { labels[first * words + $0] & labels[second * words + $0] != 0 }
    }

    /// The samples of pair `number` of its kind.
    func pair(_ number: Int, isAlike: Bool) -> (first: Int, second: Int) {
        let before = isAlike ? alikeBefore : differentBefore
        // The last sample with no more pairs before it than that.
        var (low, high) = (0, count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if before[middle] <= number { low = middle } else { high = middle }
        }
        var left = number - before[low]
        for second in low..<count where Self.share(labels, words, low, second) == isAlike {
            if !isAlike && second == low { continue }
            if left == 0 { return (low, second) }
            left -= 1
        }
        // The numbers below `before[count]` are all that there are, and those that are asked for.
        return (low, low)
    }
}
