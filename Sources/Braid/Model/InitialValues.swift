internal import Torch

/// What fusion and heads begin with where that is not all drawn at random: values by path, of another model.
struct InitialValues {
    /// By path.
    let values: [String: Tensor]
    /// What the values are from, for errors; nil: they may cover a part of the model alone.
    let source: String?
    /// How many logits each head gave there, and gives here, by its name; heads that are not named here are new.
    let outputs: [String: (before: Int, now: Int)]

    /// None.
    static var none: InitialValues { InitialValues(values: [:], source: nil, outputs: [:]) }

    /// Part of a model, whose paths and shapes are the same.
    ///
    /// - Parameter values: By path.
    init(part values: [String: Tensor]) { self.init(values: values, source: nil, outputs: [:]) }

    /// The whole of an earlier model, whose heads may have had fewer classes.
    ///
    /// - Parameters:
    ///   - values: By path.
    ///   - source: What errors call the model.
    ///   - outputs: How many logits each head gave there, and gives here.
    init(whole values: [String: Tensor], of source: String, outputs: [String: (before: Int, now: Int)]) {
        self.init(values: values, source: source, outputs: outputs)
    }

    private init(values: [String: Tensor], source: String?, outputs: [String: (before: Int, now: Int)]) {
        (self.values, self.source, self.outputs) = (values, source, outputs)
    }

    /// Gives the values to a new model. Of a head that has got more classes, the first rows get the earlier ones; the others stay as they were
    /// drawn.
    ///
    /// - Throws: `BraidError` that lists what does not fit, where the values are of a whole model.
    func give(to parameters: ParameterStore) throws {
        var faults: [Fault] = []
        var used: Set<String> = []
        try withoutGradient {
            for entry in parameters.entries {
                guard let value = values[entry.path] else {
                    if source != nil, !isOfNewHead(entry.path, parameters) {
                        faults.append(Fault("\(entry.path) is not in the earlier model"))
                    }
                    continue
                }
                used.insert(entry.path)
                if value.shape == entry.tensor.shape {
                    try entry.tensor.copyInPlace(from: value)
                } else if isGrown(entry, value.shape) {
                    try entry.tensor.slice(0, 0..<value.shape[0]).copyInPlace(from: value)
                } else {
                    faults.append(Fault("\(entry.path) is \(value.shape) in the earlier model, and \(entry.tensor.shape) here"))
                }
            }
        }
        if source != nil {
            faults += values.keys.filter { !used.contains($0) }.sorted().map {
                Fault("\($0) is in the earlier model, and not here")
            }
        }
        guard faults.isEmpty else {
            throw BraidError(
                .badConfiguration,
                faults: [Fault("the weights of \(source ?? "an earlier part") do not fit this configuration")] + faults)
        }
    }

    /// Whether the first dimension is a head's classes, of which there are more now.
    private func isGrown(_ entry: ParameterStore.Entry, _ shape: [Int]) -> Bool {
        let new = entry.tensor.shape
        guard let head = outputs.first(where: { names(entry.path, $0.key) })?.value else { return false }
        return shape.first == head.before && new.first == head.now && head.now > head.before && shape.dropFirst() == new.dropFirst()
    }

    /// Whether it is of a head that the earlier model does not have: no value of that model is of it.
    private func isOfNewHead(_ path: String, _ parameters: ParameterStore) -> Bool {
        outputs.contains { $0.value.before == 0 && names(path, $0.key) }
    }

    private func names(_ path: String, _ head: String) -> Bool { path.split(separator: ".").contains { $0 == head } }
}
