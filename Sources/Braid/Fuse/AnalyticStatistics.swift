internal import Foundation
internal import Torch

/// What an analytic fusion keeps of the rows it has learnt from: sums, by head and by set of modalities that rows have.
///
/// A set of modalities is a number whose bits are the modalities'. Rows that have exactly these are summed there, their embeddings side by side.
struct AnalyticStatistics {
    /// By head and set.
    private(set) var parts: [[Int: FeatureStatistics]]
    /// The sizes of the modalities' embeddings, in the model's order.
    let sizes: [Int]

    static let fileName = "statistics.safetensors"
    /// Rows that are summed at once: what bounds the memory of double precision.
    private static let rowsAtOnce = 8192

    private init(_ parts: [[Int: FeatureStatistics]], sizes: [Int]) { (self.parts, self.sizes) = (parts, sizes) }

    /// Of rows of a set.
    ///
    /// - Parameters:
    ///   - set: What is fitted on.
    ///   - rows: The numbers of the rows that count.
    ///   - targets: By head, what they mean: `[N, K]` of all rows of the set.
    init(_ set: FittingSet, rows: [Int], targets: [Tensor]) throws {
        sizes = set.embeddings.map { $0.shape[1] }
        parts = try set.labels.indices.map { head in
            let counted = rows.filter { set.labels[head].isKnown[$0] && set.samples[$0].weight > 0 }
            return try Dictionary(grouping: counted) { Self.number(set.presence[$0]) }.filter { $0.key > 0 }.mapValues { members in
                var sum: FeatureStatistics?
                for first in stride(from: 0, to: members.count, by: Self.rowsAtOnce) {
                    let some = Array(members[first..<min(first + Self.rowsAtOnce, members.count)])
                    let order = try Tensor(some.map(Int64.init), shape: [some.count])
                    let part = try FeatureStatistics(
                        Self.features(set, some), targets[head].rows(order), weights: some.map { set.samples[$0].weight })
                    sum = try sum.map { try $0 + part } ?? part
                }
                guard let sum else { throw BraidError(.internal, "statistics of no row") }
                return sum
            }
        }
    }

    /// The set that a row has.
    static func number(_ presence: [Bool]) -> Int { presence.indices.reduce(0) { presence[$1] ? $0 | 1 << $1 : $0 } }

    /// The embeddings of rows that all have the same modalities, side by side, in double precision: `[N, D]`.
    static func features(_ set: FittingSet, _ rows: [Int]) throws -> Tensor {
        let order = try Tensor(rows.map(Int64.init), shape: [rows.count])
        let present = set.embeddings.indices.filter { set.presence[rows[0]][$0] }
        let parts = try present.map { modality in
            let all = set.embeddings[modality]
            return try all.rows(order.moved(to: all.device)).moved(to: .cpu).converted(to: .float64)
        }
        return parts.count == 1 ? parts[0] : try .concatenate(parts, 1)
    }

    /// Of the embeddings of `subset`, of all rows that have at least these; nil where there are none.
    func of(head: Int, subset: Int) throws -> FeatureStatistics? {
        var sum: FeatureStatistics?
        for (number, part) in parts[head].sorted(by: { $0.key < $1.key }) where number & subset == subset {
            let kept = try part.keeping(columns(of: subset, in: number))
            sum = try sum.map { try $0 + kept } ?? kept
        }
        return sum
    }

    /// Where the embeddings of `subset` stand among those of `number`, side by side.
    private func columns(of subset: Int, in number: Int) -> [Int] {
        var (columns, first) = ([Int](), 0)
        for (index, size) in sizes.enumerated() where number & 1 << index != 0 {
            if subset & 1 << index != 0 { columns += first..<first + size }
            first += size
        }
        return columns
    }

    /// Those of two sets of rows together.
    static func + (left: AnalyticStatistics, right: AnalyticStatistics) throws -> AnalyticStatistics {
        try left.combined(right) { try $0 + $1 }
    }

    /// Those of the rows of `left` that `right` does not hold.
    static func - (left: AnalyticStatistics, right: AnalyticStatistics) throws -> AnalyticStatistics {
        try left.combined(right) { try $0 - $1 }
    }

    private func combined(
        _ other: AnalyticStatistics, _ join: (FeatureStatistics, FeatureStatistics) throws -> FeatureStatistics
    ) throws -> AnalyticStatistics {
        var all = self
        for (head, parts) in other.parts.enumerated() {
            for (number, part) in parts { all.parts[head][number] = try all.parts[head][number].map { try join($0, part) } ?? part }
        }
        return all
    }
}

extension AnalyticStatistics {
    /// Writes every sum, float64, by head, set and name.
    func write(to folder: URL, heads: [String]) throws {
        var tensors: [(String, Tensor)] = []
        for (head, parts) in zip(heads, parts) {
            for (number, part) in parts.sorted(by: { $0.key < $1.key }) {
                for (name, tensor) in try part.tensors().sorted(by: { $0.key < $1.key }) {
                    tensors.append(("\(head).\(number).\(name)", tensor))
                }
            }
        }
        try SafetensorsWriter.write(tensors, to: folder.appendingPathComponent(Self.fileName))
    }

    /// Reads what was written, with columns for classes that have come since, and nothing of heads that are new.
    ///
    /// - Parameters:
    ///   - heads: Their names now, and how many columns of targets each has.
    ///   - sizes: The sizes of the modalities' embeddings.
    /// - Throws: `BraidError` where the file is damaged, or of other embeddings.
    init(_ folder: URL, heads: [(name: String, columns: Int)], sizes: [Int]) throws {
        let url = folder.appendingPathComponent(Self.fileName)
        let file = try SafetensorsFile(url)
        var found: [[Int: [String: Tensor]]] = heads.map { _ in [:] }
        for key in file.entries.keys.sorted() {
            let words = key.split(separator: ".").map(String.init)
            guard words.count >= 3, let number = Int(words[words.count - 2]), (1..<1 << sizes.count).contains(number),
                let head = heads.firstIndex(where: { $0.name == words.dropLast(2).joined(separator: ".") })
            else { throw BraidError(.badData, "\(url.path): \(key): is of no head or modality of this model") }
            found[head][number, default: [:]][words[words.count - 1]] = try file.tensor(key)
        }
        let parts = try zip(heads, found).map { head, sets in
            try Dictionary(
                uniqueKeysWithValues: sets.map { number, tensors in
                    let part = try FeatureStatistics(tensors, source: url.path)
                    let size = sizes.indices.reduce(0) { number & 1 << $1 != 0 ? $0 + sizes[$1] : $0 }
                    guard part.dimension == size, part.outputs <= head.columns else {
                        throw BraidError(
                            .badData,
                            "\(url.path): sums of \(part.dimension) values and \(part.outputs) targets; expected \(size), and at most \(head.columns)"
                        )
                    }
                    let added = head.columns - part.outputs
                    return (number, added > 0 ? try part.addingOutputs(added) : part)
                })
        }
        self.init(parts, sizes: sizes)
    }
}
