internal import Foundation

extension TrainingForecast {
    /// As a text for people.
    public var table: String {
        let sizes = ["train", "val", "test"].map { "\(samples[$0] ?? 0) \($0)" }.joined(separator: ", ")
        let epochs = phases.last?.lastEpoch ?? 0
        var lines = ["\(counted(phases.count, "phase")), \(counted(epochs, "epoch")), on \(device); samples: \(sizes)", ""]
        for (number, phase) in phases.enumerated() { lines += phase.lines(number + 1, stepSize, optimizer) + [""] }
        if let peak = phases.map(\.memory.total).max() {
            let most = Self.duration(seconds)
            lines += ["Expected: at most \(most) in all, \(ByteCount.text(Double(peak))) of memory", ""]
        }
        return (lines + basis).joined(separator: "\n") + "\n"
    }

    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<10: String(format: "%.1f s", seconds)
        case ..<120: String(format: "%.0f s", seconds)
        case ..<7200: String(format: "%.0f min", seconds / 60)
        default: String(format: "%.1f h", seconds / 3600)
        }
    }
}

extension TrainingForecast.Phase {
    fileprivate func lines(_ number: Int, _ stepSize: Int, _ optimizer: String) -> [String] {
        let range = firstEpoch == lastEpoch ? "epoch \(firstEpoch)" : "epochs \(firstEpoch) to \(lastEpoch)"
        let steps = "\(counted(stepsPerEpoch, "step")) an epoch of up to \(counted(stepSize, "sample"))"
        return ["Phase \(number), \(name): \(range), \(steps)"] + rows(parts.map(\.cells)) + ["  \(optimizer)"]
            + rows(groups.map(\.cells), indent: "    ") + ["  memory \(memory.text)", "  time \(timeText)"]
    }

    /// Columns of one width, the first to the left.
    private func rows(_ cells: [[String]], indent: String = "  ") -> [String] {
        let widths = (cells.first ?? []).indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let padded = zip(row, widths).enumerated().map { column, cell in
                let gap = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < 2 ? cell.0 + gap : gap + cell.0
            }
            return indent + padded.joined(separator: "  ")
        }
    }

    private var timeText: String {
        let epochs = lastEpoch - firstEpoch + 1
        let text = TrainingForecast.duration
        return
            "\(text(seconds.total)): \(text(seconds.preparation)) to prepare, \(epochs * stepsPerEpoch) steps of \(String(format: "%.3g", seconds.step)) s, \(text(seconds.epochEnd)) behind each epoch for val, methods and checkpoints"
    }
}

extension TrainingForecast.Part {
    fileprivate var cells: [String] { [name, train, "\(trained) trained", "\(frozen) frozen"] }
}

extension TrainingForecast.Group {
    fileprivate var cells: [String] {
        [
            name, "rate \(String(format: "%.3g", learningRate))", "weight decay \(String(format: "%g", weightDecay))",
            "\(values) values",
        ]
    }
}

extension TrainingForecast.Memory {
    fileprivate var text: String {
        let parts = [
            ("process", process), ("weights", weights), ("gradients", gradients), ("optimizer", optimizer), ("average", average),
            ("embeddings", embeddings),
        ].filter { $0.1 > 0 }.map { "\($0.0) \(ByteCount.text(Double($0.1)))" }
        let measured = [("activations", activations), ("embedding before", preparation), ("in the trial", tried)].map {
            name, bytes in
            "\(name) \(bytes.map { ByteCount.text(Double($0)) } ?? "not measured")"
        }
        return "\(ByteCount.text(Double(total))): \((parts + measured).joined(separator: ", "))"
    }
}
