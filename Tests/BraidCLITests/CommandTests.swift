import Foundation
import TestSupport
import Testing

/// The command as a user meets it: what it prints, and how it ends.
@Suite struct CommandTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func braid(_ arguments: String...) throws -> Ended { try run("braid", arguments) }

    private func run(_ command: String, _ arguments: [String], _ environment: [String: String] = [:]) throws -> Ended {
        try Ended(command, arguments, in: folder.url, environment)
    }

    @Test func helpNamesEveryCommand() throws {
        let result = try braid("--help")
        #expect(result.code == 0)
        for name in ["init", "check", "train", "evaluate", "predict", "embed", "ablate", "drift", "models", "cache"] {
            #expect(result.out.contains("\n  \(name) "))
        }
    }

    /// docs/adding-an-encoder.md and docs/extending.md, as they stand there.
    @Test func thePagesOnExtensionsShowWhatIsTested() throws {
        let pages = [
            "adding-an-encoder.md": ["PatchMixer.swift"],
            "extending.md": [
                "MeanFusion.swift", "CentroidHead.swift", "OrdinalTask.swift", "Surprise.swift", "EmbeddingPenalty.swift",
                "Grey.swift",
                "Numbers.swift", "main.swift",
            ],
        ]
        for (page, files) in pages {
            let text = try String(contentsOf: Fixtures.root.appendingPathComponent("docs/\(page)"), encoding: .utf8)
            for name in files {
                let code = try String(contentsOf: Fixtures.root.appendingPathComponent("Tests/Extensions/\(name)"), encoding: .utf8)
                #expect(text.contains(code.trimmingCharacters(in: .newlines)), "\(name) and docs/\(page) differ")
            }
        }
    }

    @Test func driftEndsAsDiffDoes() throws {
        let images = ["grey8.png", "rgb8.png", "rgba8.png", "palette8.png", "grey.jpg", "cmyk.jpg"]
        func rows(_ count: Int, _ image: (Int) -> String, split: (Int) -> String) throws -> String {
            (["id,image,label,split"]
                + (0..<count).map { "\($0),\(Fixtures.url("images/\(image($0))").path),\($0 % 2 == 0 ? "a" : "b"),\(split($0))" })
                .joined(separator: "\n")
        }
        try folder.write(
            rows(60, { images[$0 % 6] }, split: { $0 < 24 ? "train" : $0 < 42 ? "val" : "test" }), as: "m.csv")
        try folder.write(rows(40, { images[$0 % 2 == 0 ? 0 : 4] }, split: { _ in "test" }), as: "grey.csv")
        try folder.write(
            "manifest: m.csv\nmodalities: {image: {weights: \"\(Fixtures.url("resnet").path)\"}}\nfusion: {type: concat}\ntraining: {epochs: 1}\n",
            as: "c.yaml")
        #expect(try braid("train", "c.yaml", "--out", "run", "--quiet").code == 0)
        let same = try braid("drift", "run", "--manifest", "m.csv", "--split", "all", "--quiet")
        #expect(same.code == 0 && same.out.contains("No drift seen"))
        let moved = try braid("drift", "run", "--manifest", "grey.csv", "--split", "all", "--quiet", "--json")
        #expect(moved.code == 1 && moved.out.contains("\"drift\" : true") && moved.error.isEmpty)
        #expect(FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("run/drift-grey/report.html").path))
        // The training had them all.
        #expect(try braid("drift", "run", "--manifest", "m.csv", "--quiet").code == 65)
        let usage = try braid("drift", "run", "--manifest", "m.csv", "--alpha", "2")
        #expect(usage.code == 64 && usage.error.contains("expected 0.005 to 0.5"))
    }

    private func makePictures() throws {
        let images = ["grey8.png", "rgb8.png", "rgba8.png", "palette8.png", "grey.jpg", "cmyk.jpg"]
        let rows = images.enumerated().map { index, name in
            "\(Fixtures.url("images/\(name)").path),\(index % 2 == 0 ? "a" : "b"),\(["train", "train", "train", "train", "val", "test"][index])"
        }
        try folder.write((["image,label,split"] + rows).joined(separator: "\n"), as: "m.csv")
    }

    @Test func anotherTargetsEncoderTrainsAndIsUsed() throws {
        try makePictures()
        try folder.write(
            "manifest: m.csv\nmodalities: {image: {encoder: patch-mixer, weights: random, train: all}}\ntraining: {epochs: 1}\n",
            as: "c.yaml")
        let list = try run("Extensions", ["models", "list"])
        #expect(list.out.contains("patch-mixer"))
        #expect(try !braid("models", "list").out.contains("patch-mixer"))
        let train = try run("Extensions", ["train", "c.yaml", "--out", "run"])
        #expect(train.code == 0, "\(train.error)")
        let predict = try run("Extensions", ["predict", "run", "--image", Fixtures.url("images/grey8.png").path])
        #expect(predict.code == 0, "\(predict.error)")
        let foreign = try braid("predict", "run", "--image", Fixtures.url("images/grey8.png").path)
        #expect(foreign.code == 78 && foreign.error.contains("patch-mixer is not an architecture for image"), "\(foreign.error)")
    }

    @Test func anotherTargetsAugmentationIsShownAndTrained() throws {
        try makePictures()
        try folder.write(
            """
            manifest: m.csv
            modalities: {image: {encoder: patch-mixer, weights: random, train: all, augment: {grey: 1, flip: 0.5}}}
            training: {epochs: 1}
            """, as: "c.yaml")
        let show = try run("Extensions", ["show", "c.yaml", "--out", "page.html", "--samples", "2", "--draws", "3"])
        #expect(show.code == 0 && show.out.hasPrefix("Page: "), "\(show.error)")
        let page = try String(contentsOf: folder.url.appendingPathComponent("page.html"), encoding: .utf8)
        #expect(page.contains("flip 0.5, grey 1.0") && page.matches(of: /<figcaption>draw 3/).count == 2)
        let train = try run("Extensions", ["train", "c.yaml", "--out", "run"])
        #expect(train.code == 0, "\(train.error)")
        let views = try run("Extensions", ["evaluate", "run", "--manifest", "m.csv", "--tta", "4", "--split", "all"])
        #expect(views.code == 0, "\(views.error)")
        #expect(try run("Extensions", ["evaluate", "run", "--manifest", "m.csv", "--tta", "11"]).error.contains("2 ... 10"))
        let foreign = try braid("show", "c.yaml")
        #expect(foreign.code == 78 && foreign.error.contains("modalities.image.augment.grey: unknown key"), "\(foreign.error)")
    }

    /// Fusion, head, task and metric of another target, with keys of their own, on the whole way.
    @Test func anotherTargetsKindsTrainAndAreUsed() throws {
        try makePictures()
        try folder.write(
            """
            manifest: m.csv
            modalities: {image: {weights: "\(Fixtures.url("resnet").path)"}}
            fusion: {type: mean, dim: 8, scale: 2}
            head: {task: ordinal, order: [b, a], type: centroid, sharpness: 0.5}
            training: {epochs: 2, embedding_penalty: 0.1, early_stopping: {metric: surprise}}
            """, as: "c.yaml")
        let train = try run("Extensions", ["train", "c.yaml", "--out", "run", "--json"])
        #expect(train.code == 0 && train.out.contains("\"surprise\""), "\(train.error)")
        #expect(train.out.contains("\"embedding/squared_length\""))
        let evaluate = try run("Extensions", ["evaluate", "run", "--manifest", "m.csv", "--split", "all", "--json"])
        #expect(evaluate.code == 0 && evaluate.out.contains("\"surprise\""), "\(evaluate.error)")
        let predict = try run("Extensions", ["predict", "run", "--manifest", "m.csv"])
        #expect(predict.out.hasPrefix("id,label,prediction,probability,p_b,p_a\n"), "\(predict.out)\(predict.error)")
        // Columns that the model knows nothing of are no fault, and are kept where that is asked for.
        let rows = try String(contentsOf: folder.url.appendingPathComponent("m.csv"), encoding: .utf8).split(separator: "\n")
        try folder.write(
            rows.enumerated().map { "\($0.element),\($0.offset == 0 ? "price" : "\"\($0.offset),5\"")\n" }.joined(),
            as: "prices.csv")
        let kept = try run("Extensions", ["predict", "run", "--manifest", "prices.csv", "--keep-columns"])
        let lines = kept.out.split(separator: "\n")
        #expect(
            lines.first?.hasPrefix("id,label,prediction,probability,p_b,p_a,") == true && lines.first?.hasSuffix(",price") == true)
        #expect(lines.count == rows.count && lines.last?.hasSuffix(",\"\(rows.count - 1),5\"") == true, "\(kept.out)\(kept.error)")
        // Their keys act with them alone, and are in the schema.
        let idle = try run("Extensions", ["train", "c.yaml", "--out", "x", "--set", "fusion.type=concat"])
        #expect(idle.code == 78 && idle.error.contains("fusion.scale: acts only with fusion.type: mean"), "\(idle.error)")
        let wrong = try run("Extensions", ["train", "c.yaml", "--out", "x", "--set", "head.sharpness=-1"])
        #expect(wrong.code == 78 && wrong.error.contains("head.sharpness: expected a number from 0.0001"), "\(wrong.error)")
        #expect(try run("Extensions", ["init", "--schema"]).out.contains("\"sharpness\""))
        // A command that does not know them says so.
        let foreign = try braid("predict", "run", "--manifest", "m.csv")
        #expect(foreign.code == 65 && foreign.error.contains("fusion.type: expected one of auto"), "\(foreign.error)")
    }

    /// A modality of number columns beside pictures: manifest, configuration, missing cells, prediction.
    @Test func anotherTargetsModalityTrainsAndIsUsed() throws {
        let images = ["grey8.png", "rgb8.png", "rgba8.png", "palette8.png", "grey.jpg", "cmyk.jpg"]
        let rows = images.enumerated().map { index, name in
            let numbers = index == 1 ? "," : "\(1.5 + Double(index % 2)),\(60 + index)"
            let split = ["train", "train", "train", "train", "val", "test"][index]
            return "\(Fixtures.url("images/\(name)").path),\(numbers),\(index % 2 == 0 ? "a" : "b"),\(split)"
        }
        try folder.write((["image,height,weight_kg,label,split"] + rows).joined(separator: "\n"), as: "m.csv")
        try folder.write(
            """
            manifest: m.csv
            modalities:
              image: {weights: "\(Fixtures.url("resnet").path)"}
              numbers: {encoder: numbers-mlp, weights: random, train: all}
            fusion: {type: concat, dim: 8}
            training: {epochs: 2}
            """, as: "c.yaml")
        let check = try run("Extensions", ["check", "c.yaml", "--quiet"])
        #expect(check.out.contains("numbers: 5 of 6 samples can be used"), "\(check.out)\(check.error)")
        let train = try run("Extensions", ["train", "c.yaml", "--out", "run"])
        #expect(train.code == 0, "\(train.error)")
        let single = try run("Extensions", ["predict", "run", "--input", "numbers=1.5 61"])
        #expect(single.code == 0 && single.out.contains("%"), "\(single.error)")
        let ablation = try run("Extensions", ["ablate", "run", "--manifest", "m.csv", "--split", "all"])
        #expect(ablation.out.contains("image + numbers"), "\(ablation.error)")
        let wrong = try run("Extensions", ["predict", "run", "--input", "numbers=tall"])
        #expect(wrong.code == 65 && wrong.error.contains("expected 2 numbers"), "\(wrong.error)")
        #expect(try run("Extensions", ["predict", "run", "--input", "smell=x"]).error.contains("--input smell=x"))
        // Without the modality the columns mean nothing.
        let foreign = try braid("check", "c.yaml", "--quiet")
        #expect(foreign.code == 78 && foreign.error.contains("modalities.numbers"), "\(foreign.error)")
    }

    @Test func exitCodesAreThoseOfSysexits() throws {
        try folder.write("text,label\nhello\n", as: "bad.csv")
        try folder.write("modalities: {text: {weights: x}}\nfusoin: {dim: 3}\n", as: "bad.yaml")
        #expect(try braid("trian").code == 64)
        #expect(try braid("evaluate", "x").code == 64)
        #expect(try braid("predict", "x").code == 64)
        #expect(try braid("evaluate", "nowhere", "--manifest", "bad.csv").code == 66)
        #expect(try braid("check", "bad.csv").code == 65)
        let check = try braid("check", "bad.csv", "--json", "--faults", "faults.txt")
        #expect(check.code == 65 && check.out.contains("\"errors\" : ["), "\(check.out)")
        let faults = try String(contentsOf: folder.url.appendingPathComponent("faults.txt"), encoding: .utf8)
        #expect(faults.contains("error: bad.csv:2: "), "\(faults)")
        #expect(try braid("train", "none.yaml").code == 66)
        let configuration = try braid("train", "bad.yaml")
        #expect(configuration.code == 78)
        #expect(configuration.error == "error: bad.yaml:2: fusoin.dim: unknown key; did you mean fusion.dim?\n")
        #expect(configuration.out.isEmpty)
        #expect(try braid("init", "bad.csv", "--out", "bad.yaml").code == 65)
    }

    @Test func initWritesWhatCheckAndTrainRead() throws {
        try folder.write("caption,category\nhello,a\nyou,b\n", as: "m.csv")
        let result = try braid("init", "m.csv", "--out", "m.yaml")
        #expect(result.code == 0 && result.out.isEmpty)
        #expect(try String(contentsOf: folder.url.appendingPathComponent("m.yaml"), encoding: .utf8).contains("text: \"caption\""))
        #expect(try braid("init", "m.csv", "--out", "m.yaml").code == 73)
        #expect(try braid("init", "--schema").out.contains("\"additionalProperties\" : false"))
        #expect(try braid("check", "m.yaml", "--quiet").out.contains("samples"))
    }

    /// A command that is given a number of threads sets it and starts again; one that does not compute has no such option.
    @Test func threadsAreBoundedOrRefused() throws {
        try folder.write("text,label,split\nhello,a,train\nyou,b,train\nthey,a,val\nyes,b,test\n", as: "m.csv")
        let one = try braid("check", "m.csv", "--threads", "1", "--quiet")
        #expect(one.code == 0 && one.out.contains("samples"), "\(one.error)")
        let none = try braid("check", "m.csv", "--threads", "0")
        #expect(none.code == 64 && none.error.contains("--threads 0: expected 1 to "), "\(none.error)")
        #expect(try braid("embed", "c.yaml", "--manifest", "m.csv", "--out", "z", "--threads", "100000").code == 64)
        #expect(try braid("models", "verify", "org/name", "--threads", "1").code == 64)
    }

    @Test func modelsAreListedAndDescribed() throws {
        #expect(try braid("models", "list").out.contains("resnet18"))
        let info = try braid("models", "info", Fixtures.url("resnet").path)
        #expect(info.code == 0)
        #expect(info.out.contains("embedding:    24") && info.out.contains("0 missing"))
        #expect(try braid("models", "info", "nothing/here").code == 66)
    }

    /// A second command finds what the first has made; without the cache neither looks nor leaves.
    @Test func embeddingsAreSharedThroughTheCache() throws {
        let cache = folder.url.appendingPathComponent("cache").path
        try folder.write(
            "image,label\n\(Fixtures.url("images/rgb8.png").path),a\n\(Fixtures.url("images/grey8.png").path),b\n", as: "m.csv")
        try folder.write("modalities: {image: {weights: \(Fixtures.url("resnet").path)}}\n", as: "c.yaml")
        func embed(_ out: String, _ more: String...) throws -> String {
            let result = try run(
                "braid", ["embed", "c.yaml", "--manifest", "m.csv", "--out", out] + more, ["BRAID_CACHE": cache])
            #expect(result.code == 0, "\(result.error)")
            return out
        }
        _ = try embed("plain", "--no-cache")
        // What was measured of the machine is no embedding.
        #expect(!FileManager.default.fileExists(atPath: cache + "/embeddings"))
        _ = try embed("first")
        let info = try run("braid", ["cache", "info"], ["BRAID_CACHE": cache])
        #expect(info.code == 0 && info.out.contains("2 embeddings") && info.out.contains("image: resnet18"))
        _ = try embed("second")
        let parts = try ["plain", "first", "second"].map {
            try Data(contentsOf: folder.url.appendingPathComponent("\($0)/part-00000.safetensors"))
        }
        #expect(parts[0] == parts[1] && parts[1] == parts[2])
        let cleared = try run("braid", ["cache", "clear"], ["BRAID_CACHE": cache])
        #expect(cleared.out.contains("Deleted 2 embeddings"))
        #expect(try run("braid", ["cache", "info"], ["BRAID_CACHE": cache]).out.contains(": 0 embeddings"))
        let wrong = try run("braid", ["cache", "info"], ["BRAID_CACHE_GB": "-3"])
        #expect(wrong.code == 64 && wrong.error.contains("BRAID_CACHE_GB is -3; expected a number of gigabytes"))
        #expect(try braid("predict", "x", "--text", "y", "--no-cache").error.contains("--no-cache acts only with --manifest"))
        #expect(try braid("embed", "c.yaml", "--manifest", "m.csv", "--out", "z", "--part-size", "0").code == 64)
    }
}
