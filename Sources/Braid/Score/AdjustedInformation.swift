// Vinh, Epps and Bailey 2010, "Information Theoretic Measures for Clusterings Comparison", JMLR 11.
internal import Foundation

/// How much two groupings of the same rows tell of each other, chance taken away.
enum AdjustedInformation {
    /// 1 where each group of one is a group of the other, about 0 where they have nothing to do with each other: the mutual information less what chance gives to
    /// groups of these sizes, in the mean of both entropies less the same.
    static func value(_ first: [Int], _ second: [Int]) -> Double {
        let (own, other) = (sizes(first), sizes(second))
        // One group each, or each row by itself in both: they are the same.
        if own.count == other.count, own.count == 1 || own.count == first.count { return 1 }
        let count = Double(first.count)
        var together: [[Int]: Int] = [:]
        for pair in zip(first, second) { together[[pair.0, pair.1], default: 0] += 1 }
        let information = together.reduce(0.0) { sum, cell in
            let share = Double(cell.value) / count
            let (one, two) = (Double(own[cell.key[0]] ?? 0) / count, Double(other[cell.key[1]] ?? 0) / count)
            return sum + share * log(share / (one * two))
        }
        let byChance = expected(Array(own.values), Array(other.values), first.count)
        let most = (entropy(own, count) + entropy(other, count)) / 2
        let room = most - byChance
        // Rounding alone must not make the room 0.
        return (information - byChance) / (room < 0 ? min(room, -.ulpOfOne) : max(room, .ulpOfOne))
    }

    private static func sizes(_ groups: [Int]) -> [Int: Int] { groups.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

    private static func entropy(_ sizes: [Int: Int], _ count: Double) -> Double {
        -sizes.values.reduce(0.0) { $0 + Double($1) / count * log(Double($1) / count) }
    }

    /// The mean mutual information of groupings with groups of these sizes, all of them being equally likely.
    private static func expected(_ own: [Int], _ other: [Int], _ count: Int) -> Double {
        let logs = (0...count).map { (number: Int) -> Double in lgamma(Double(number) + 1) }
        let total = Double(count)
        var sum = 0.0
        for a in own {
            for b in other {
                let fixed: Double = logs[a] + logs[b] + logs[count - a] + logs[count - b] - logs[count]
                let product = Double(a) * Double(b)
                for n in max(1, a + b - count)...min(a, b) {
                    let others: Double = logs[n] + logs[a - n] + logs[b - n] + logs[count - a - b + n]
                    let share = Double(n) / total
                    sum += share * log(total * Double(n) / product) * exp(fixed - others)
                }
            }
        }
        return sum
    }
}
