internal import Foundation

extension Report {
    /// A page that needs nothing beside itself: pictures, drawings and sounds are in it.
    var html: String {
        let style = Self.css
        var sections = [tiles]
        if let ablation { sections.append(section("What each modality adds", ablationBars(ablation))) }
        sections.append(section("Classes", classTable))
        sections.append(section("Confusion matrix", confusionTable))
        if history.count > 1 { sections.append(section("Training", curves)) }
        sections.append(section("Most confident mistakes", mistakes))
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(escape(title)) · Braid</title><style>\(style)</style></head>
            <body><main><header><h1>\(escape(title))</h1><p>Braid \(Version.current) · \(confusion.total) samples · \(confusion.labels.count) classes</p></header>
            \(sections.joined(separator: "\n"))
            </main></body></html>

            """
    }

    private func section(_ heading: String, _ body: String) -> String { "<section><h2>\(escape(heading))</h2>\(body)</section>" }

    private var tiles: String {
        let figures = [
            ("accuracy", confusion.accuracy), ("macro F1", confusion.macro.f1), ("weighted F1", confusion.weighted.f1),
        ]
        let cells = figures.map { "<div class=tile><b>\(percent($1))</b><span>\($0)</span></div>" }
        return "<div class=tiles>\(cells.joined())</div>"
    }

    private func ablationBars(_ ablation: Ablation) -> String {
        let rows = ablation.entries.map { entry in
            let name = entry.modalities.map(\.rawValue).joined(separator: " + ")
            let width = String(format: "%.1f", 100 * entry.accuracy)
            return
                "<tr><td>\(name)</td><td class=n>\(percent(entry.accuracy))</td><td class=bar><i style=\"width:\(width)%\"></i></td></tr>"
        }
        let note = "One model, trained once; what is left out is hidden from it as missing."
        return
            "<table><tr><th>modalities</th><th class=n>accuracy</th><th></th></tr>\(rows.joined())</table><p class=note>\(note)</p>"
    }

    private var classTable: String {
        let rows = zip(confusion.labels, confusion.classes).map { label, scores in
            "<tr><td>\(escape(label))</td>"
                + [scores.precision, scores.recall, scores.f1].map { "<td class=n>\(String(format: "%.4f", $0))</td>" }.joined()
                + "<td class=n>\(scores.support)</td></tr>"
        }
        return
            "<table><tr><th>class</th><th class=n>precision</th><th class=n>recall</th><th class=n>F1</th><th class=n>support</th></tr>\(rows.joined())</table>"
    }

    /// Shaded by the share of the true class. Above 40 classes the cells would be too small to read: the CSV has them.
    private var confusionTable: String {
        guard confusion.labels.count <= 40 else { return "<p>\(confusion.labels.count) classes: see confusion.csv.</p>" }
        let header = confusion.labels.map { "<th class=v><span>\(escape($0))</span></th>" }.joined()
        let rows = zip(confusion.labels, confusion.counts).enumerated().map { index, row in
            let total = max(1, row.1.reduce(0, +))
            let cells = row.1.enumerated().map { column, count -> String in
                let share = Double(count) / Double(total)
                let hue = column == index ? "37,99,168" : "196,66,48"
                let ink = share > 0.55 ? "#fff" : count == 0 ? "#bbb" : "#222"
                return "<td class=c style=\"background:rgba(\(hue),\(String(format: "%.2f", share)));color:\(ink)\">\(count)</td>"
            }
            return "<tr><th class=r>\(escape(row.0))</th>\(cells.joined())</tr>"
        }
        return "<table class=confusion><tr><td class=corner>true \\ predicted</td>\(header)</tr>\(rows.joined())</table>"
    }

    private var curves: String {
        let epochs = history.map { Double($0.epoch) }
        let loss = LineChart(
            title: "loss", x: epochs, series: [("train", history.map(\.trainLoss)), ("val", history.map { $0.valLoss ?? 0 })])
        let quality = LineChart(
            title: "validation", x: epochs,
            series: [("accuracy", history.map { $0.valAccuracy ?? 0 }), ("macro F1", history.map { $0.valMacroF1 ?? 0 })])
        return "<div class=charts>\(loss.svg)\(quality.svg)</div>"
    }

    /// The twelve wrong answers the model was surest of, with what it saw.
    private var mistakes: String {
        let predicted = predictions.predicted
        let wrong = predictions.samples.indices.filter { predictions.labels[predicted[$0]] != predictions.samples[$0].label }
        guard !wrong.isEmpty else { return "<p>There is none.</p>" }
        let surest = wrong.sorted { predictions.probabilities[$0][predicted[$0]] > predictions.probabilities[$1][predicted[$1]] }
            .prefix(12)
        let cards = surest.map { index -> String in
            let sample = predictions.samples[index]
            let guess = predictions.labels[predicted[index]]
            let sure = percent(Double(predictions.probabilities[index][predicted[index]]))
            return
                "<div class=card>\(media(sample))<p><b>\(escape(sample.label ?? ""))</b>, taken for <b>\(escape(guess))</b> (\(sure))</p><p class=id>\(escape(sample.id))</p></div>"
        }
        return "<div class=cards>\(cards.joined())</div>"
    }

    private func media(_ sample: Sample) -> String {
        var parts: [String] = []
        if let url = sample.image, let data = small(url) {
            let type = data.starts(with: [0x89]) ? "png" : "jpeg"
            parts.append("<img alt=\"\" src=\"data:image/\(type);base64,\(data.base64EncodedString())\">")
        }
        if case .inline(let text) = sample.text { parts.append("<blockquote>\(escape(String(text.prefix(240))))</blockquote>") }
        if let audio = sample.audio, let data = small(audio.url) {
            let type = ["wav": "wav", "flac": "flac", "mp3": "mpeg"][audio.url.pathExtension.lowercased()] ?? "ogg"
            parts.append("<audio controls preload=none src=\"data:audio/\(type);base64,\(data.base64EncodedString())\"></audio>")
        }
        return parts.joined()
    }

    /// A file small enough to lie in the page.
    private func small(_ url: URL) -> Data? {
        let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? .max
        return size <= 200_000 ? try? Data(contentsOf: url) : nil
    }

    private func percent(_ value: Double) -> String { String(format: "%.2f %%", 100 * value) }

    private func escape(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static let css = """
        body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#f6f7f8;margin:0}main{max-width:980px;margin:0 auto;padding:24px}
        h1{margin:0;font-size:26px}header p{color:#667;margin:2px 0 18px}section{background:#fff;border:1px solid #e3e5e8;border-radius:10px;padding:16px 20px;margin:16px 0}
        h2{font-size:17px;margin:0 0 10px}.tiles{display:flex;gap:12px;flex-wrap:wrap}.tile{background:#fff;border:1px solid #e3e5e8;border-radius:10px;padding:12px 18px;flex:1}
        .tile b{display:block;font-size:26px}.tile span{color:#667}table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:3px 10px;text-align:left}
        th{font-weight:600;color:#556}.n{text-align:right}.bar{width:420px}.bar i{display:block;height:12px;background:#2563a8;border-radius:3px}.note,.id{color:#778;font-size:13px;margin:6px 0 0}
        .confusion td.c{width:34px;text-align:center;border:1px solid #fff;padding:5px 2px}.confusion .r{text-align:right}.v{vertical-align:bottom;padding:3px}.v span{writing-mode:vertical-rl;transform:rotate(180deg)}
        .corner{color:#99a;font-size:12px}.charts{display:flex;gap:20px;flex-wrap:wrap}.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px}
        .card{border:1px solid #e3e5e8;border-radius:8px;padding:10px}.card img{width:96px;height:96px;object-fit:contain;image-rendering:pixelated;background:#000;display:block}
        .card audio{width:100%;height:30px;margin-top:6px}.card p{margin:6px 0 0}blockquote{margin:8px 0 0;padding-left:8px;border-left:3px solid #dde;color:#445}
        """
}
