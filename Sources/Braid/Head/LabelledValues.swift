internal import Torch

/// Samples' labels as one head takes them.
struct LabelledValues {
    let target: Target
    /// Whether a sample has a label for the head.
    let isKnown: [Bool]
    private let values: [Target.Value?]

    /// - Throws: `BraidError` that names the rows whose labels do not fit.
    init(_ samples: [Sample], _ target: Target, _ source: String) throws {
        var faults: [Fault] = []
        self.target = target
        // Texts repeat: each is looked up once.
        var seen: [String: Target.Value] = [:]
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

    /// Class numbers; 0 where there is no label.
    var indices: [Int] {
        values.map { if case .index(let index) = $0 { index } else { 0 } }
    }

    /// Which classes apply; none where there is no label. Of a binary task, whether the positive one does.
    var flags: [[Bool]] {
        values.map { value in
            switch value {
            case .flags(let flags): flags
            case .index(let index): [index == 1]
            default: Array(repeating: false, count: target.outputs)
            }
        }
    }

    /// Numbers in the label's own unit; 0 where there is no label.
    var numbers: [Double] {
        values.map { if case .number(let number) = $0 { number } else { 0 } }
    }

    /// Int64 `[N]` for multiclass; float32 `[N, C]` else, a regression's numbers standardised.
    func tensor() throws -> Tensor {
        switch target.task {
        case .multiclass: try Tensor(indices.map(Int64.init), shape: [values.count])
        case .binary, .multilabel:
            try Tensor(flags.flatMap { $0.map { Float($0 ? 1 : 0) } }, shape: [values.count, target.outputs])
        case .regression:
            try Tensor(numbers.map { Float(($0 - target.mean) / target.deviation) }, shape: [values.count, 1])
        }
    }

    /// scikit-learn's `class_weight="balanced"`: N / (classes × samples of the class).
    func balancedWeights() -> [Double] {
        var counts = Array(repeating: 0, count: target.classes.count)
        for (index, isKnown) in zip(indices, isKnown) where isKnown { counts[index] += 1 }
        let total = Double(counts.reduce(0, +))
        return counts.map { $0 == 0 ? 0 : total / (Double(counts.count) * Double($0)) }
    }

    /// The same for each output by itself: what counts where the class applies, and where not.
    func balancedOutputs(_ device: Device) throws -> (positive: Tensor, negative: Tensor) {
        let known = zip(flags, isKnown).filter(\.1).map(\.0)
        let total = Double(known.count)
        let positives = (0..<target.outputs).map { column in Double(known.reduce(0) { $0 + ($1[column] ? 1 : 0) }) }
        let weight = { (count: Double) in Float(count == 0 ? 0 : total / (2 * count)) }
        return (
            try Tensor(positives.map(weight), shape: [target.outputs]).moved(to: device),
            try Tensor(positives.map { weight(total - $0) }, shape: [target.outputs]).moved(to: device)
        )
    }
}
