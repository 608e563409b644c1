import Foundation
import TestSupport
import Testing

/// What a newcomer tries in the first hour, with the answers that help: a line of issue 19 each.
@Suite struct FirstHourTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writeSentences()
    }

    private func braid(_ arguments: String..., environment: [String: String] = [:]) throws -> Ended {
        try Ended("braid", arguments, in: folder.url, environment)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func helpSaysWhichRowsAreTaken() throws {
        for command in ["predict", "embed"] {
            let help = try braid(command, "--help").out
            #expect(help.contains("train, val, test or all. Default: all."))
            #expect(!help.contains("Default: the test split"))
        }
        #expect(try braid("evaluate", "--help").out.contains("Default: the test split"))
    }

    @Test func predictionsCarryLabelsAndOneLoss() throws {
        #expect(try braid("train", "c.yaml", "--out", "run", "--quiet").code == 0)
        let lines = try braid("predict", "run", "--manifest", "m.csv", "--json", "--quiet").out.split(separator: "\n")
        try #require(lines.count == 60, "all rows")
        #expect(try object(String(lines[0]))["label"] as? String == "warm")
        let evaluated = try object(braid("evaluate", "run", "--manifest", "m.csv", "--split", "valid", "--json", "--quiet").out)
        // The loss of the calibrated probabilities that the predictions show.
        let val = try braid("predict", "run", "--manifest", "m.csv", "--split", "val", "--json", "--quiet").out.split(
            separator: "\n")
        let losses = try val.map { line in
            let row = try object(String(line))
            let (label, probabilities) = (row["label"] as? String, row["probabilities"] as? [String: Double])
            return -log(try #require(label.flatMap { probabilities?[$0] }))
        }
        let loss = try #require(evaluated["loss"] as? Double)
        #expect(abs(loss - losses.reduce(0, +) / Double(losses.count)) < 1e-4)
    }

    @Test func aCompleteRunIsLeftAlone() throws {
        let first = try braid("train", "c.yaml", "--out", "run")
        #expect(first.code == 0, "\(first.error)")
        #expect(first.out.contains("the best by macro_f1 on val"), "\(first.out)")
        #expect(first.error.contains("stopped early, after epoch") && first.out.contains("; stopped early"), "\(first.error)")
        let files = ["run.json", "report.html", "metrics.jsonl", "config.yaml"]
        let read = { try files.map { try Data(contentsOf: folder.url.appendingPathComponent("run/\($0)")) } }
        let before = try read()
        for arguments in [["c.yaml", "--out", "run"], ["run"]] {
            let again = try Ended("braid", ["train"] + arguments + ["--resume"], in: folder.url)
            #expect(again.code == 0, "\(again.error)")
            #expect(again.out.contains("Already complete") && again.out.contains("Nothing was changed"), "\(again.out)")
            #expect(try read() == before)
        }
        let figures = try object(braid("train", "run", "--resume", "--json").out)
        #expect(figures["run"] as? String == folder.url.appendingPathComponent("run").path)
        #expect((figures["test"] as? [String: Double])?["accuracy"] != nil)
        let longer = try braid(
            "train", "run", "--resume", "--set", "training.epochs=9", "--set", "training.early_stopping.patience=9")
        #expect(longer.code == 0 && longer.out.contains("of 9, the best"), "\(longer.out)\(longer.error)")
    }

    @Test func aRunThatHasHardlyBegunGoesOn() throws {
        let begun = try braid("train", "c.yaml", "--out", "run", "--resume")
        #expect(begun.code == 0 && begun.error.contains("holds no run yet: training begins"), "\(begun.error)")
        // Ended before its configuration was written down.
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("early/checkpoints"), withIntermediateDirectories: true)
        #expect(try braid("train", "c.yaml", "--out", "early", "--resume", "--quiet").code == 0)
        // Ended by a fault in the data, before anything was computed.
        let wrong = try braid("train", "c.yaml", "--out", "failed", "--set", "modalities.text.encoder=no-such")
        #expect(wrong.code != 0)
        #expect(try braid("train", "c.yaml", "--out", "failed", "--quiet").code == 0)
        try folder.write("x", as: "other/notes.txt")
        let other = try braid("train", "c.yaml", "--out", "other", "--resume")
        #expect(other.code == 66 && other.error.contains("holds no run to resume"), "\(other.error)")
    }

    @Test func aRunThatHasNoModelYetSaysHowToGoOn() throws {
        #expect(try braid("train", "c.yaml", "--out", "run", "--quiet").code == 0)
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("run/model"))
        let ended = try braid("predict", "run", "--text", "x")
        #expect(ended.code == 66 && ended.error.contains("go on with braid train"), "\(ended.error)")
        #expect(ended.error.contains("braid train run --resume"))
    }

    @Test func namesThatAreListedAreKnown() throws {
        for name in ["resnet50", "resnet10-cifar-mnist"] {
            let ended = try braid("models", "info", name)
            #expect(ended.code == 0 && ended.out.contains("embedding:"), "\(ended.error)")
        }
        let config = "manifest: m.csv\nmodalities: {text: {weights: %}}\nfusion: {type: concat}\ntraining: {epochs: 1}\n"
        #expect(try braid("train", "c.yaml", "--out", "run", "--quiet").code == 0)
        try folder.write(config.replacingOccurrences(of: "%", with: "run"), as: "d.yaml")
        let meant = try braid("train", "d.yaml", "--out", "second")
        #expect(meant.code == 0 && meant.out.contains("Test split, epoch 1 of 1, the best by"), "\(meant.out)\(meant.error)")
        let info = try braid("models", "info", "run")
        #expect(info.code == 66 && info.error.contains("name one of its encoders: run/model/text"), "\(info.error)")
        try folder.write(config.replacingOccurrences(of: "%", with: "all-MiniLM-L6-v3"), as: "e.yaml")
        let near = try braid("train", "e.yaml", "--out", "third")
        #expect(near.code == 66 && near.error.contains("did you mean bundled:"), "\(near.error)")
    }

    @Test func initIsToldWhatItCannotSee() throws {
        let rows = (0..<40).map { "\($0),the pump \($0) hums,\($0 % 4),\($0 % 3 == 0 ? "leak" : "wear"),p\($0 / 4)" }
        try folder.write((["No,Report,machine,fault_code,plant"] + rows).joined(separator: "\n"), as: "f.csv")
        let guessed = try braid("init", "f.csv").out
        #expect(guessed.contains("label: \"fault_code\""), "\(guessed)")
        let told = try braid("init", "f.csv", "--label", "machine", "--text", "Report", "--group", "plant")
        for line in ["label: \"machine\"", "text: \"Report\"", "group: \"plant\""] {
            #expect(told.out.contains(line), "\(told.out)")
        }
        let wrong = try braid("init", "f.csv", "--label", "fault_cod")
        #expect(wrong.code == 65 && wrong.error.contains("did you mean fault_code?"), "\(wrong.error)")
        #expect(try braid("init", "f.csv", "--label", "plant", "--group", "plant").code == 64)
        #expect(try braid("init", "--schema", "--label", "plant").code == 64)
        let both = (0..<40).map { "\($0),the pump \($0) hums,\($0 % 4),\($0 % 3)" }
        try folder.write((["No,Report,machine,shift"] + both).joined(separator: "\n"), as: "g.csv")
        let torn = try braid("init", "g.csv")
        #expect(torn.code == 65 && torn.error.contains("any of the columns machine, shift may be the label"), "\(torn.error)")
        #expect(torn.error.contains("--label COLUMN"))
    }

    @Test func aManifestAloneIsTrained() throws {
        let ended = try braid(
            "train", "m.csv", "--out", "run", "--set", "modalities.text.weights=random", "--set", "modalities.text.encoder=tiny",
            "--set", "modalities.text.train=all", "--set", "fusion={type: concat}")
        #expect(ended.code == 0 && ended.error.contains("m.csv is a manifest"), "\(ended.error)")
        #expect(FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("run/config.yaml").path))
        #expect(try braid("predict", "run", "--text", "a cold night", "--quiet").code == 0)
        let place = try braid("train", ".")
        #expect(place.code == 64 && place.error.contains("braid init"), "\(place.error)")
        let again = try braid("train", "run")
        #expect(again.code == 64 && again.error.contains("is a run already: go on with --resume"), "\(again.error)")
    }

    @Test func whatIsMisspeltOrGivenTwiceIsSaid() throws {
        for (arguments, message) in [
            (["trian", "c.yaml"], "braid trian: there is no such command; did you mean train?"),
            (["models", "lits"], "braid models lits: there is no such command; did you mean list?"),
            (["predict", "run", "--image", "a.png", "--image=b.png"], "--image is given twice"),
            (["embed", "run", "--manifest", "m.csv", "-o", "a", "--out", "b"], "is given twice"),
            (["evaluate", "run", "--manifest", "m.csv", "--split", "tset"], "expected train, val, test or all"),
            (["train", "c.yaml", "--quiet", "--verbose"], "give one of them"),
        ] {
            let ended = try Ended("braid", arguments, in: folder.url)
            #expect(ended.code == 64 || ended.error.contains("tset"), "\(arguments): \(ended.code) \(ended.error)")
            #expect(ended.error.contains(message), "\(arguments): \(ended.error)")
        }
        // What may be given several times still may, and what follows an option is its value.
        let several = try braid(
            "train", "c.yaml", "--out", "run", "--set", "training.epochs=1", "--set", "training.seed=3", "--quiet")
        #expect(several.code == 0, "\(several.error)")
        let text = try braid("predict", "run", "--text", "--text", "--quiet")
        #expect(text.code == 0, "\(text.error)")
    }

    @Test func textComesFromStandardInput() throws {
        #expect(try braid("train", "c.yaml", "--out", "run", "--quiet").code == 0)
        let plain = try braid("predict", "run", "--text", "a cold night", "--json", "--quiet")
        let piped = try Ended(shell: "echo 'a cold night' | $braid predict run --text - --json --quiet", in: folder.url)
        #expect(piped.code == 0 && piped.out == plain.out, "\(piped.error)")
        let nothing = try Ended(shell: "$braid predict run --text - </dev/null", in: folder.url)
        #expect(nothing.code == 64 && nothing.error.contains("nothing came from standard input"), "\(nothing.error)")
        let damaged = try Ended(shell: "printf '\\377' | $braid predict run --text -", in: folder.url)
        #expect(damaged.code == 65 && damaged.error.contains("not UTF-8"), "\(damaged.error)")
    }

    @Test func progressIsCountedInWords() throws {
        let quiet = try braid("train", "c.yaml", "--out", "run", "--no-such-option")
        #expect(quiet.code == 64)
        let plain = try braid("train", "c.yaml", "--out", "run")
        #expect(plain.code == 0, "\(plain.error)")
        let embedded = try braid("embed", "run", "--manifest", "m.csv", "--out", "e")
        #expect(embedded.error.contains("embedding media: 60") && embedded.error.contains("of 60 rows"), "\(embedded.error)")
        #expect(try braid("evaluate", "run", "--manifest", "m.csv").error.contains("replaces") == false)
        #expect(try braid("evaluate", "run", "--manifest", "m.csv").error.contains("replaces the evaluation of 2"))
    }

    @Test func theDoctorLooksAtTheMachine() throws {
        let well = try braid("doctor")
        #expect(well.code == 0, "\(well.out)")
        for name in ["libtorch", "processor", "threads", "cache", "weights", "environment"] {
            #expect(well.out.contains("\n      \(name) ") || well.out.contains("\nwarn  \(name) "), "\(well.out)")
        }
        let told = try braid("doctor", "--json", environment: ["HF_TOKEN": "secret", "BRAID_CACHE": "/proc/none"])
        #expect(told.code == 0 && told.out.contains("HF_TOKEN is set") && !told.out.contains("secret"), "\(told.out)")
        #expect(told.out.contains("set BRAID_CACHE to a folder"), "\(told.out)")
        let wrong = try braid("doctor", environment: ["BRAID_MATRIX_LIBRARY": "blas"])
        #expect(wrong.code == 69 && wrong.out.contains("ERROR"), "\(wrong.out)")
    }

    /// Frozen weights that nobody writes to again take no second place on the disk.
    @Test func runsShareFrozenWeights() throws {
        try folder.writePictures(24)
        for (name, weights) in [("one", Fixtures.url("resnet").path), ("two", "one")] {
            try folder.write(
                "manifest: m.csv\nmodalities: {image: {weights: \"\(weights)\"}}\nfusion: {type: concat}\ntraining: {epochs: 1}\n",
                as: "\(name).yaml")
            let ended = try braid("train", "\(name).yaml", "--out", name, "--verbose")
            #expect(ended.code == 0 && ended.error.contains("0 missing, 0 unused"), "\(ended.error)")
        }
        let evaluated = try braid("evaluate", "two", "--manifest", "m.csv", "--verbose")
        #expect(evaluated.error.contains("fusion and heads: ") && evaluated.error.contains("image: "), "\(evaluated.error)")
        let inodes = try ["one", "two"].map { run in
            let file = folder.url.appendingPathComponent("\(run)/model/image/model.safetensors")
            return try #require(FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int)
        }
        #expect(inodes[0] == inodes[1])
    }
}
