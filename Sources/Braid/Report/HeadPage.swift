internal import Foundation

/// A head's part of a page.
struct HeadPage {
    let head: HeadPredictions
    /// nil where there is only one.
    let name: String?

    func section(_ heading: String, _ body: String) -> String {
        HTML.section((name.map { "\($0): " } ?? "") + heading, body)
    }

    func tiles() throws -> String {
        let metrics: [Metric] =
            switch head.target.form {
            case .classes: [.accuracy, .macroF1, .auroc, .ece]
            case .flags: [.microF1, .macroF1, .auroc, .ece]
            case .number: [.r2, .rmse, .mae, .spearman]
            }
        let scores = try head.scores(metrics)
        let cells = metrics.map { metric in
            "<div class=tile><b>\(scores[metric].map(metric.text) ?? "n/a")</b><span>\(metric.title)</span></div>"
        }
        return (name.map { "<h2>\(HTML.escape($0))</h2>" } ?? "") + "<div class=tiles>\(cells.joined())</div>"
    }

    func sections() throws -> [String] {
        let classes = head.target.classes
        switch try head.answers() {
        case .classes(let answers):
            let bins = CalibrationScores.reliability(probabilities: answers.probabilities, truth: answers.truth)
            return [
                section("Classes", classTable(classes, answers.confusion.classes)),
                section("Confusion matrix", confusionTable(answers.confusion)),
                section("Calibration", calibration(bins)), section("Most confident mistakes", mistakes),
            ]
        case .flags(let answers):
            let bins = CalibrationScores.reliability(probabilities: answers.probabilities, flags: answers.truth)
            return [
                section("Classes", classTable(classes, answers.scores.classes)), section("Calibration", calibration(bins)),
            ]
        case .number: return [section("Largest errors", try errors())]
        }
    }

    /// Accuracy against confidence: on the diagonal where probabilities are honest.
    private func calibration(_ reliability: [CalibrationScores.Bin]) -> String {
        let bins = reliability.filter { $0.count > 0 }
        let rows = bins.map { bin in
            "<tr><td class=k>\(String(format: "%.2f to %.2f", bin.lower, bin.upper))</td><td class=n>\(bin.count)</td><td class=n>\(HTML.percent(bin.confidence))</td><td class=n>\(HTML.percent(bin.accuracy))</td><td class=bar><i style=\"width:\(String(format: "%.1f", 100 * bin.accuracy))%\"></i></td></tr>"
        }
        return
            "<table><tr><th>said</th><th class=n>answers</th><th class=n>said, mean</th><th class=n>right</th><th></th></tr>\(rows.joined())</table>"
    }

    private func classTable(_ labels: [String], _ classes: [ConfusionMatrix.ClassScores]) -> String {
        let rows = zip(labels, classes).map { label, scores in
            "<tr><td>\(HTML.escape(label))</td>"
                + [scores.precision, scores.recall, scores.f1].map { "<td class=n>\(String(format: "%.4f", $0))</td>" }.joined()
                + "<td class=n>\(scores.support)</td></tr>"
        }
        return
            "<table><tr><th>class</th><th class=n>precision</th><th class=n>recall</th><th class=n>F1</th><th class=n>support</th></tr>\(rows.joined())</table>"
    }

    /// Shaded by the share of the true class. Above 40 classes the cells would be too small to read: the CSV has them.
    private func confusionTable(_ confusion: ConfusionMatrix) -> String {
        guard confusion.labels.count <= 40 else { return "<p>\(confusion.labels.count) classes: see confusion.csv.</p>" }
        let header = confusion.labels.map { "<th class=v><span>\(HTML.escape($0))</span></th>" }.joined()
        let rows = zip(confusion.labels, confusion.counts).enumerated().map { index, row in
            let total = max(1, row.1.reduce(0, +))
            let cells = row.1.enumerated().map { column, count -> String in
                let share = Double(count) / Double(total)
                let hue = column == index ? "37,99,168" : "196,66,48"
                let ink = share > 0.55 ? "#fff" : count == 0 ? "#bbb" : "#222"
                return "<td class=c style=\"background:rgba(\(hue),\(String(format: "%.2f", share)));color:\(ink)\">\(count)</td>"
            }
            return "<tr><th class=r>\(HTML.escape(row.0))</th>\(cells.joined())</tr>"
        }
        return "<table class=confusion><tr><td class=corner>true \\ predicted</td>\(header)</tr>\(rows.joined())</table>"
    }

    /// The twelve wrong answers the model was surest of, with what it saw.
    private var mistakes: String {
        let predicted = head.values.map(\.likeliest)
        let classes = head.target.classes
        let wrong = head.samples.indices.filter { classes[predicted[$0]] != head.samples[$0].labels[head.target.column] }
        guard !wrong.isEmpty else { return "<p>There is none.</p>" }
        let surest = wrong.sorted { head.values[$0][predicted[$0]] > head.values[$1][predicted[$1]] }.prefix(12)
        return cards(surest.map { ($0, "\(HTML.percent(Double(head.values[$0][predicted[$0]])))") })
    }

    private func errors() throws -> String {
        let truth = try LabelledValues(head.samples, head.target, head.source).numbers
        let worst = head.samples.indices.sorted {
            abs(Double(head.values[$0][0]) - truth[$0]) > abs(Double(head.values[$1][0]) - truth[$1])
        }.prefix(12)
        return cards(worst.map { ($0, String(format: "off by %.4g", Double(head.values[$0][0]) - truth[$0])) })
    }

    private func cards(_ shown: [(index: Int, remark: String)]) -> String {
        let cards = shown.map { index, remark -> String in
            let sample = head.samples[index]
            let truth = HTML.escape(sample.labels[head.target.column] ?? "")
            return
                "<div class=card>\(media(sample))<p><b>\(truth)</b>, taken for <b>\(HTML.escape(head.text(of: index)))</b> (\(remark))</p><p class=id>\(HTML.escape(sample.id))</p></div>"
        }
        return "<div class=cards>\(cards.joined())</div>"
    }

    private func media(_ sample: Sample) -> String {
        var parts: [String] = []
        for (modality, medium) in sample.media.sorted(by: { $0.key < $1.key }) {
            switch modality.kind.presentation {
            case .picture:
                guard let data = small(medium) else { continue }
                let type = data.starts(with: [0x89]) ? "png" : "jpeg"
                parts.append("<img alt=\"\" src=\"data:image/\(type);base64,\(data.base64EncodedString())\">")
            case .words:
                guard case .text(let text) = medium.content else { continue }
                parts.append("<blockquote>\(HTML.escape(String(text.prefix(240))))</blockquote>")
            case .sound:
                guard let data = small(medium) else { continue }
                let type = ["wav": "wav", "flac": "flac", "mp3": "mpeg"][medium.url?.pathExtension.lowercased() ?? ""] ?? "ogg"
                parts.append(
                    "<audio controls preload=none src=\"data:audio/\(type);base64,\(data.base64EncodedString())\"></audio>")
            case .cells:
                guard let row = try? TableRow(medium) else { continue }
                let cells = row.cells.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
                parts.append("<blockquote>\(HTML.escape(String(cells.prefix(240))))</blockquote>")
            case .none: continue
            }
        }
        return parts.joined()
    }

    /// A medium small enough to lie in the page.
    private func small(_ medium: Medium) -> Data? {
        guard let url = medium.url else { return (try? medium.data()).flatMap { $0.count <= 200_000 ? $0 : nil } }
        return try? InputFile.data(url.path, most: 200_000)
    }
}
