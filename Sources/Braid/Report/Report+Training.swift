internal import Foundation

extension Report {
    /// Loss and validation figures over epochs, the best epoch marked; nil where there was one epoch.
    var learningCurves: Page.Section? {
        let history = history.isEmpty ? source?.history ?? [] : history
        guard history.count > 1 else { return nil }
        let epochs = history.map { Double($0.epoch) }
        let axis = Plot.Axis(title: "epoch", isWhole: true)
        let best = source?.run.map { [(x: Double($0.bestEpoch), name: "best epoch \($0.bestEpoch)")] } ?? []
        let figures = PageTable("Figures by epoch", ["epoch"] + columns(history).map(\.name), rows(history))
        let loss = Plot(
            title: "Loss", summary: summary(history), x: axis, y: .init(title: "loss"),
            series: [
                .init("train", x: epochs, history.map(\.trainLoss)), .init("val", x: epochs, history.map { $0.valLoss ?? .nan }),
            ].filter { !$0.points.isEmpty }, marks: best)
        let names = shown(history)
        let isShare = names.allSatisfy { metric($0)?.isShare ?? false }
        let quality = Plot(
            title: "Validation", summary: summary(history), x: axis,
            y: .init(title: isShare ? "val, %" : "val", limits: isShare ? 0...1 : nil, scale: isShare ? 100 : 1),
            series: names.map { name in .init(title(name), x: epochs, history.map { $0.val[name] ?? .nan }) }, marks: best)
        let charts = [loss.figure(figures)] + (names.isEmpty ? [] : [quality.figure()]) + balance(history, epochs, axis)
        return .init("Learning curves", Page.columns(charts), learning.map { Page.note($0.sentence) } ?? .nothing)
    }

    private func metric(_ name: String) -> Metric? { Metric.registry[name.split(separator: ".").last.map(String.init) ?? name] }

    private func title(_ name: String) -> String {
        guard let metric = metric(name) else { return name }
        let head = name.hasSuffix(".\(metric.name)") ? name.dropLast(metric.name.count + 1) : ""
        return head.isEmpty ? metric.title : "\(head): \(metric.title)"
    }

    /// The figures of val that are drawn: of one unit, the one that the best epoch was chosen by among them.
    private func shown(_ history: [EpochRecord]) -> [String] {
        let names = Set(history.flatMap(\.val.keys)).sorted()
        let isOf = { (kinds: [String]) in names.filter { name in kinds.contains { name == $0 || name.hasSuffix(".\($0)") } } }
        let shares = isOf(["accuracy", "macro_f1", "micro_f1"])
        return Array((shares.isEmpty ? isOf(["rmse", "mae"]) : shares).prefix(6))
    }

    private func columns(_ history: [EpochRecord]) -> [(name: String, value: (EpochRecord) -> Double?)] {
        [("train loss", { $0.trainLoss }), ("val loss", { $0.valLoss })]
            + shown(history).prefix(2).map { name in (title(name), { $0.val[name] }) }
    }

    /// Every epoch, or of many every so many and the last.
    private func rows(_ history: [EpochRecord]) -> [[PageTable.Cell]] {
        let step = (history.count + 99) / 100
        return history.enumerated().filter { $0.offset % step == 0 || $0.offset == history.count - 1 }.map { _, record in
            [PageTable.Cell("\(record.epoch)")]
                + columns(history).map { column in .init(column.value(record).map { Shown.short($0) } ?? "n/a") }
        }
    }

    private func summary(_ history: [EpochRecord]) -> String {
        guard let first = history.first, let last = history.last else { return "" }
        let best = source?.run.map { " The best epoch is \($0.bestEpoch)." } ?? ""
        return
            "\(history.count) epochs; training loss from \(Shown.short(first.trainLoss)) to \(Shown.short(last.trainLoss)), loss on val from \(first.valLoss.map { Shown.short($0) } ?? "n/a") to \(last.valLoss.map { Shown.short($0) } ?? "n/a").\(best)"
    }

    /// How large each modality's gradients were; nothing where that was not recorded.
    private func balance(_ history: [EpochRecord], _ epochs: [Double], _ axis: Plot.Axis) -> [Markup] {
        let prefix = "gradient_norm/"
        let names = Set(history.flatMap(\.figures.keys)).filter { $0.hasPrefix(prefix) }.sorted()
        guard !names.isEmpty else { return [] }
        return [
            Plot(
                title: "Gradient norm by modality", summary: learning?.sentence ?? "How large each modality's gradients were.",
                x: axis, y: .init(title: "gradient norm"),
                series: names.map { name in
                    .init(String(name.dropFirst(prefix.count)), x: epochs, history.map { $0.figures[name] ?? .nan })
                }
            ).figure()
        ]
    }
}
