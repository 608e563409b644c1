internal import Foundation

/// What a head predicts, as the train split showed it.
public struct Target: Sendable {
    /// What the train split teaches: classes, or the scale of a number.
    public struct Scale: Sendable, Equatable {
        /// In the order of the answers; of a binary task the negative and then the positive one. Empty for numbers.
        public let classes: [String]
        /// The mean of a number's labels in the train split; 0 for classes.
        public let mean: Double
        /// Their standard deviation; 1 for classes.
        public let deviation: Double

        /// The number of each class: looked up for every row.
        private let places: [String: Int]

        /// Classes, or the scale of a number.
        public init(classes: [String] = [], mean: Double = 0, deviation: Double = 1) {
            (self.classes, self.mean, self.deviation) = (classes, mean, deviation)
            places = Dictionary(zip(classes, classes.indices)) { first, _ in first }
        }

        /// The number of a class.
        ///
        /// - Throws: `TargetError.unknownClass`.
        public func index(of name: String) throws(TargetError) -> Int {
            guard let index = places[name] else { throw .unknownClass(name, known: classes) }
            return index
        }
    }

    /// The head's name.
    public let name: String
    /// The manifest's column it is learnt from.
    public let column: String
    /// How labels are read and answers made.
    public let task: any LearningTask
    /// Classes, or the scale of a number.
    public let scale: Scale

    /// A target whose scale is known.
    public init(name: String = "label", column: String = "label", task: any LearningTask = Multiclass(), scale: Scale) {
        (self.name, self.column, self.task, self.scale) = (name, column, task, scale)
    }

    /// How labels and answers compare.
    public var form: LabelForm { type(of: task).form }
    /// The classes, in the order of the answers; empty for numbers.
    public var classes: [String] { scale.classes }
    /// How many logits the head gives.
    public var outputs: Int { task.outputs(scale) }

    /// What `text`, a cell of the manifest, means.
    ///
    /// - Throws: `TargetError` that says what was expected.
    func value(of text: String) throws(TargetError) -> LabelValue { try task.value(of: text, scale) }

    /// The answer `row` in words: a class, classes joined with `|`, or a number.
    func text(of row: [Float]) -> String {
        switch form {
        case .classes: return classes[row.likeliest]
        case .flags:
            let names = zip(classes, row).filter { $0.1 > 0.5 }.map(\.0)
            guard !names.contains(where: { $0.contains("|") }) else { return NameList.text(names) }
            return names.isEmpty ? "|" : names.joined(separator: "|")
        case .number: return String(format: "%.6g", row[0])
        }
    }
}

extension Target {
    /// Learns the classes, or the scale, of a head from the samples of the train split.
    ///
    /// - Parameter earlier: What a model knows already that goes on learning: its classes come first, in their order, and its scale stays.
    /// - Throws: `BraidError` with a fault a row that cannot be used, or one that says what the split lacks.
    static func fit<Row: LabelledRow>(
        _ head: HeadSettings, _ samples: some Collection<Row>, file: String, after earlier: Target? = nil,
        mostClasses: Int = Limit.classes.value
    ) throws -> Target {
        var faults: [Fault] = []
        func check(_ samples: some Sequence<Row>, _ read: (String) throws -> Void) {
            for sample in samples {
                guard let text = sample.label(head.column) else { continue }
                do { try read(text) } catch {
                    faults.append(Fault("\(error)", file: file, line: sample.line, field: head.column))
                }
            }
        }
        // Lazily: of a million samples no second list is made.
        let train = samples.lazy.filter { $0.split == .train }
        guard train.isEmpty || train.contains(where: { $0.weight > 0 }) else {
            throw BraidError(.badData, faults: [Fault("every sample of the train split has weight 0", file: file, field: "weight")])
        }
        check(train) { _ = try head.task.names(in: $0) }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        let labels = Array(train.compactMap { $0.label(head.column) })
        let scale: Scale
        do throws(TargetError) {
            if let earlier { scale = try earlier.scale(with: labels, head.task) } else { scale = try head.task.learn(labels) }
            guard scale.classes.count <= mostClasses else { throw TargetError.manyClasses(scale.classes.count) }
        } catch {
            throw BraidError(.badData, faults: [Fault(error.description, file: file, field: head.column)])
        }
        let target = Target(name: head.name, column: head.column, task: head.task, scale: scale)
        // Labels of the other splits must be of the same kind.
        check(samples) { text in
            // Of many classes at once no list of all is made for each row.
            guard target.form == .flags else { return _ = try target.value(of: text) }
            for name in try head.task.names(in: text) { _ = try scale.index(of: name) }
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        return target
    }
}

extension Target {
    /// The scale with the classes among `labels` that it does not have, in alphabetical order behind those it has; that of numbers stays.
    ///
    /// - Throws: `TargetError.lacking` where the task's answers are no list of classes that could grow.
    fileprivate func scale(with labels: [String], _ task: any LearningTask) throws(TargetError) -> Scale {
        guard form != .number else { return scale }
        var new: Set<String> = []
        for label in Set(labels) { new.formUnion(try task.names(in: label)) }
        new.subtract(classes)
        guard !new.isEmpty else { return scale }
        let grown = Scale(classes: classes + new.sorted())
        guard task.outputs(scale) == classes.count, task.outputs(grown) == grown.classes.count else {
            throw .fixedClasses(new.sorted(), known: classes)
        }
        return grown
    }
}

/// A target as `model.json` and checkpoints keep it.
struct TargetRecord: Codable, Equatable {
    let name: String
    let column: String
    let classes: [String]
    let mean: Double
    let deviation: Double

    init(_ target: Target) {
        (name, column, classes) = (target.name, target.column, target.classes)
        (mean, deviation) = (target.scale.mean, target.scale.deviation)
    }

    /// Whether training can have written it.
    func isSound(for form: LabelForm) -> Bool {
        form == .number
            ? classes.isEmpty && mean.isFinite && deviation.isFinite && deviation > 0
            : !classes.isEmpty && Set(classes).count == classes.count
    }

    func target(_ task: any LearningTask) -> Target {
        Target(name: name, column: column, task: task, scale: .init(classes: classes, mean: mean, deviation: deviation))
    }
}
