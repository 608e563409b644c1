import Foundation
import TestSupport
import Testing

@testable import Braid

/// What `report.html` holds, for each kind of task; how it looks is checked by scripts/report_check.py, in a browser.
@Suite struct ReportPageTests {
    private static let modalities: [Modality] = [.image, .text]

    private func samples(_ labels: [String]) -> [Sample] {
        labels.enumerated().map { index, label in
            Sample(id: "row \(index)", line: index + 2, text: index % 3 == 0 ? nil : .inline("words of row \(index)"), label: label)
        }
    }

    private func record(best: Int) -> RunRecord {
        RunRecord(
            command: ["braid", "train", "my config.yaml", "--out", "runs/one"], braid: "1.2.3", libtorch: "2.13.0", seed: 41,
            device: "cpu",
            int8: nil, manifest: "pets.csv", manifestSHA256: String(repeating: "ab", count: 32), configurationSHA256: nil,
            samples: ["train": 60, "val": 20, "test": 20], trainedParameters: 1234, allParameters: 5678,
            started: Date(timeIntervalSince1970: 1_800_000_000), seconds: ["training": 12.5], stoppedEarly: true, bestEpoch: best,
            averages: AveragingRecord(), fusion: "gated", choice: nil, evaluation: nil, adaptation: nil, lineage: nil, stages: nil,
            test: [:], calibration: [:])
    }

    private func history(_ metric: String) -> [EpochRecord] {
        (1...5).map { epoch in
            EpochRecord(
                epoch: epoch, step: 10 * epoch, trainLoss: 1 / Double(epoch), learningRate: 0.1, valLoss: 0.2 + 1 / Double(epoch),
                val: [metric: 0.5 + 0.08 * Double(epoch)], figures: ["gradient_norm/image": 0.4, "gradient_norm/text": 0.2],
                seconds: 1)
        }
    }

    private func page(_ task: any LearningTask, _ scale: Target.Scale, _ labels: [String], _ values: [[Float]], _ metric: String)
        throws -> String
    {
        let samples = samples(labels)
        let head = HeadPredictions(target: Target(task: task, scale: scale), samples: samples, source: "pets.csv", values: values)
        let entries = [[Modality.image], [.text], [.image, .text]].enumerated().map { index, names in
            Ablation.Entry(
                modalities: names, samples: 20, scores: [metric: 0.5 + 0.1 * Double(index)], interval: FigureInterval(0.4...0.8))
        }
        let ablation = Ablation(heads: [
            .init(
                name: "label", task: "task", entries: entries, verdict: nil, equity: nil, monotonicity: nil,
                metrics: [try #require(Metric.registry[metric])], complete: nil)
        ])
        let source = ReportSource(
            record(best: 4), manifest: URL(fileURLWithPath: "/data/pets.csv"), modalities: Self.modalities,
            configuration: "fusion: {type: gated} # <mine>", chosenBy: metric, history: history(metric),
            parts: [.init("train", samples, Self.modalities)])
        return try Report(
            Predictions(samples: samples, heads: [head], loss: nil), title: "pets", history: history(metric), ablation: ablation,
            source: source
        ).html()
    }

    private func pages() throws -> [String: String] {
        let classes = (0..<20).map { ["cat", "dog", "cow"][$0 % 3] }
        let three = (0..<20).map { index -> [Float] in
            index % 5 == 0 ? [0.2, 0.7, 0.1] : (0..<3).map { $0 == index % 3 ? 0.8 : 0.1 }
        }
        let flags = (0..<20).map { $0 % 4 == 0 ? "cat|dog" : $0 % 2 == 0 ? "cat" : "|" }
        return [
            "multiclass": try page(Multiclass(), .init(classes: ["cat", "dog", "cow"]), classes, three, "accuracy"),
            "binary": try page(
                Binary(), .init(classes: ["no", "yes"]), (0..<20).map { $0 % 2 == 0 ? "yes" : "no" },
                (0..<20).map { $0 % 7 == 0 ? [0.6, 0.4] : $0 % 2 == 0 ? [0.1, 0.9] : [0.7, 0.3] }, "accuracy"),
            "multilabel": try page(
                Multilabel(), .init(classes: ["cat", "dog"]), flags, (0..<20).map { $0 % 5 == 0 ? [0.3, 0.9] : [0.8, 0.2] },
                "micro_f1"),
            "regression": try page(
                Regression(), .init(mean: 1, deviation: 2), (0..<20).map { "\(Double($0) - 6)" },
                (0..<20).map { [Float($0) * 0.9 - 5.5] },
                "r2"),
        ]
    }

    /// What a reader sees of a page.
    private func text(of page: String) -> String {
        page.replacing(/<style>.*?<\/style>/.dotMatchesNewlines(), with: "").replacing(/<[^>]*>/, with: " ")
    }

    @Test func everyTaskHasItsSections() throws {
        let common = [
            "Learning curves", "What each modality adds", "Present and missing modalities", "How to reproduce", "Configuration",
        ]
        let classes = [
            "Figures by class", "ROC and precision-recall", "Calibration", "Most confident wrong predictions",
            "Most confident correct predictions",
        ]
        let own = [
            "multiclass": classes + ["Confusion"], "binary": classes + ["Confusion"], "multilabel": classes,
            "regression": ["Predictions and errors", "Largest errors", "Smallest errors"],
        ]
        for (task, page) in try pages() {
            let found = Set(page.matches(of: /<h2 id="h\d+">([^<]*)<\/h2>/).map { String($0.1) })
            #expect(found == Set(common + (own[task] ?? [])), "\(task)")
            // Each is reached from the top.
            #expect(page.matches(of: /<a href="#s\d+">/).count == found.count)
        }
    }

    @Test func theHeadSaysWhatWhenAndWithWhat() throws {
        for (task, page) in try pages() {
            let text = text(of: page)
            for fact in [
                "the test split", "pets.csv", "abababababababab", "2027-01-15 08:00:00 UTC", " 41 ",
                "4 of 5 epochs run (early stopping)",
                "gated",
                "train 60, val 20, test 20", "1,234 trained of 5,678", "braid train &#39;my config.yaml&#39; --out runs/one",
            ] {
                let shown = fact.replacingOccurrences(of: "&#39;", with: "'")
                #expect(text.contains(shown), "\(task): \(shown)")
            }
            #expect(page.contains("# &lt;mine&gt;") && page.contains("best epoch 4"))
            // The verdict stands before the first section.
            let lead = try #require(page.range(of: "<p class=\"lead\">"))
            let first = try #require(page.range(of: "<section"))
            #expect(lead.lowerBound < first.lowerBound)
        }
    }

    @Test func everythingHasANameAndNothingIsFetched() throws {
        for (task, page) in try pages() {
            #expect(
                !page.contains("http:") && !page.contains("https:") && !page.contains("url(") && !page.contains("<script"),
                "\(task)")
            #expect(!page.contains(/<th(?![^>]*scope=)[ >]/), "\(task): a header without scope")
            #expect(!page.contains(/<table[^>]*>(?!<caption>)/), "\(task): a table without caption")
            #expect(!page.contains(/<img(?![^>]*alt="[^"]+")/), "\(task): a picture without alt")
            #expect(
                !page.contains(/<svg(?![^>]*(role="img" aria-label="[^"]+"|aria-hidden="true"))/),
                "\(task): a drawing without a name")
            #expect(
                page.contains("prefers-color-scheme:dark") && page.contains("@media print") && page.contains("<html lang=\"en\">"))
            #expect(!page.contains(/>-0(\.0+)?( %)?</), "\(task): -0")
            #expect(!page.contains("nan") && !page.contains("Optional("), "\(task)")
            let words = text(of: page).lowercased()
            for word in [" said", "answers", " right ", "taken for"] { #expect(!words.contains(word), "\(task): \(word)") }
        }
    }

    /// Pages that many rows, classes and long names make stay small.
    @Test func sizeIsBounded() throws {
        let count = 400
        let names = (0..<count).map { "class \($0) " + String(repeating: "x", count: 5000) }
        let samples = (0..<800).map {
            Sample(id: "\($0)", text: .inline(String(repeating: "word ", count: 2000)), label: names[$0 % count])
        }
        let values = samples.indices.map { row in (0..<count).map { $0 == (row * 7) % count ? Float(0.5) : 0.5 / Float(count - 1) }
        }
        let head = HeadPredictions(target: Target(scale: .init(classes: names)), samples: samples, source: "m.csv", values: values)
        let page = try Report(Predictions(samples: samples, heads: [head], loss: nil), title: "many").html()
        #expect(page.utf8.count < 600_000, "\(page.utf8.count)")
        #expect(page.contains("classes.csv") && page.contains("confusion.csv"))
    }

    @Test func mediaStayWithinWhatAPageMayWeigh() throws {
        let big = Sample(id: "big", image: Fixtures.url("images/rgb8.png"))
        #expect(PageMedia().markup(big).source.contains("alt=\"image of row big\""))
        #expect(PageMedia(most: 10).markup(big).source.isEmpty)
        let noise = Image(
            width: 400, height: 300, pixels: (0..<400 * 300 * 3).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) })
        let made = Sample(id: "noise", media: [.image: Medium(.bytes(try PNGFile.data(noise)))])
        let markup = PageMedia().markup(made).source
        // Made small: 160 by 120, 57,600 bytes before base64 at the most.
        #expect(markup.contains("<img") && markup.utf8.count < 90_000, "\(markup.utf8.count)")
    }

    @Test func tablesOfAReportAreFiles() throws {
        let folder = try TemporaryFolder()
        let samples = samples(["a", "b", "a", "b"])
        let head = HeadPredictions(
            target: Target(scale: .init(classes: ["a", "b"])), samples: samples, source: "m.csv",
            values: [[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])
        let ablation = Ablation(heads: [
            .init(
                name: "label", task: "multiclass",
                entries: [.init(modalities: [.text], samples: 4, scores: ["accuracy": 0.75], interval: FigureInterval(0.25...1))],
                verdict: nil, equity: nil, monotonicity: nil, metrics: [.accuracy], complete: nil)
        ])
        let rates = MissingRates(
            rates: [0, 1],
            heads: [
                .init(
                    name: "label", metric: "accuracy", curves: [.init(missing: "text", values: [1, 0.5], deviations: [0, 0.1])],
                    rates: [0, 1])
            ])
        try Report(Predictions(samples: samples, heads: [head], loss: nil), title: "t", ablation: ablation, missingRates: rates)
            .write(to: RunFolder(folder.url))
        let read = { (name: String) in try String(contentsOf: folder.url.appendingPathComponent(name), encoding: .utf8) }
        #expect(
            try read("ablation.csv") == "head,modalities,samples,metric,value,lower,upper\nlabel,text,4,accuracy,0.75,0.25,1.0\n")
        #expect(try read("missing-rates.csv").split(separator: "\n").count == 3)
        let classes = try read("classes.csv").split(separator: "\n")
        #expect(classes.count == 3 && classes[0].hasPrefix("class,precision,precision_lower") && classes[1].hasPrefix("a,1.0,"))
        #expect(try read("report.html").contains("With modalities missing"))
    }
}
