internal import Torch

/// Samples' labels as one head takes them.
public struct LabelledValues {
    /// The head's target.
    public let target: Target
    /// Whether each sample has a label for the head.
    public let isKnown: [Bool]
    private let values: [LabelValue?]

    /// - Throws: `BraidError` that names the rows whose labels do not fit.
    init(_ samples: [Sample], _ target: Target, _ source: String) throws {
        var faults: [Fault] = []
        self.target = target
        // Texts repeat: each is looked up once.
        var seen: [String: LabelValue] = [:]
        values = samples.map { sample in
            guard let text = sample.labels[target.column] else { return nil }
            if let value = seen[text] { return value }
            do {
                let value = try target.value(of: text)
                seen[text] = value
                return value
            } catch {
                faults.append(Fault("\(error)", file: source, line: sample.line, field: target.column))
                return nil
            }
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        isKnown = values.map { $0 != nil }
    }

    /// How many samples there are.
    public var count: Int { values.count }

    /// Class numbers; 0 where there is no label.
    public var indices: [Int] {
        values.map { if case .index(let index) = $0 { index } else { 0 } }
    }

    /// Which classes apply, `[N][C]`; none where there is no label.
    public var flags: [[Bool]] {
        values.map { if case .flags(let flags) = $0 { flags } else { Array(repeating: false, count: target.outputs) } }
    }

    /// Numbers in the label's own unit; 0 where there is no label.
    public var numbers: [Double] {
        values.map { if case .number(let number) = $0 { number } else { 0 } }
    }

    /// As the task's loss takes them: int64 `[N]`, or float32 `[N, C]`.
    func tensor() throws -> Tensor { try target.task.tensor(self) }

    /// A weight a class, scikit-learn's `class_weight="balanced"`: N / (classes × samples of the class).
    func balancedWeights() -> [Double] {
        var counts = Array(repeating: 0, count: target.classes.count)
        for (index, isKnown) in zip(indices, isKnown) where isKnown { counts[index] += 1 }
        let total = Double(counts.reduce(0, +))
        return counts.map { $0 == 0 ? 0 : total / (Double(counts.count) * Double($0)) }
    }

    /// The same weights of each output by itself, whose truth is `flags`, `[N][C]`.
    func balancedOutputs(_ flags: [[Bool]], _ device: Device) throws -> OutputBalance {
        let known = zip(flags, isKnown).filter(\.1).map(\.0)
        let total = Double(known.count)
        let positives = (0..<target.outputs).map { column in Double(known.reduce(0) { $0 + ($1[column] ? 1 : 0) }) }
        let weight = { (count: Double) in Float(count == 0 ? 0 : total / (2 * count)) }
        return OutputBalance(
            positive: try Tensor(positives.map(weight), shape: [target.outputs]).moved(to: device),
            negative: try Tensor(positives.map { weight(total - $0) }, shape: [target.outputs]).moved(to: device))
    }
}
