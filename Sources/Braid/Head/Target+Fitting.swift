internal import Foundation

extension Target {
    /// Learns the classes, or the scale, of a head from the samples of the train split.
    ///
    /// - Throws: `BraidError` with a fault a row that cannot be used, or one that says what the split lacks.
    static func fit(_ head: Configuration.Head, _ samples: [Sample], file: String) throws -> Target {
        var faults: [Fault] = []
        let labelled = samples.filter { $0.split == .train && $0.labels[head.column] != nil }
        func each<Value>(_ read: (String) throws -> Value) -> [Value] {
            labelled.compactMap { sample in
                do { return try read(sample.labels[head.column] ?? "") } catch {
                    faults.append(Fault("\(error)", file: file, line: sample.line, field: head.column))
                    return nil
                }
            }
        }
        let target: Target
        switch head.task {
        case .multiclass, .binary: target = try Self.classes(head, Set(each { $0 }), file)
        case .multilabel:
            let names = Set(each { try Self.names(in: $0) }.joined())
            if names.isEmpty && faults.isEmpty { throw lacks("no sample of the train split has a class", head, file) }
            target = Target(name: head.name, column: head.column, task: head.task, classes: names.sorted())
        case .regression:
            let numbers = each { try Self.number($0) }
            let mean = numbers.reduce(0, +) / Double(max(1, numbers.count))
            let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, numbers.count))
            if faults.isEmpty && !(variance > 0) { throw lacks("the labels of the train split do not differ", head, file) }
            target = Target(name: head.name, column: head.column, task: head.task, mean: mean, deviation: variance.squareRoot())
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        // Labels of the other splits must be of the same kind.
        for sample in samples {
            guard let text = sample.labels[head.column] else { continue }
            do { _ = try target.value(of: text) } catch {
                faults.append(Fault("\(error)", file: file, line: sample.line, field: head.column))
            }
        }
        guard faults.isEmpty else { throw BraidError(.badData, faults: faults) }
        return target
    }

    private static func classes(_ head: Configuration.Head, _ found: Set<String>, _ file: String) throws -> Target {
        guard found.count >= 2 else {
            throw lacks("a classifier needs at least two classes in the train split; it has \(found.count)", head, file)
        }
        var classes = found.sorted()
        if head.task == .binary {
            guard classes.count == 2 else {
                throw lacks(
                    "head.task is binary, and the train split has \(classes.count) classes; use multiclass, or two classes", head,
                    file)
            }
            if let positive = head.positive {
                guard classes.contains(positive) else {
                    throw lacks("head.positive is \(positive), which is neither \(classes[0]) nor \(classes[1])", head, file)
                }
                classes = classes.filter { $0 != positive } + [positive]
            }
        }
        return Target(name: head.name, column: head.column, task: head.task, classes: classes)
    }

    private static func lacks(_ message: String, _ head: Configuration.Head, _ file: String) -> BraidError {
        BraidError(.badData, faults: [Fault(message, file: file, field: head.column)])
    }
}
