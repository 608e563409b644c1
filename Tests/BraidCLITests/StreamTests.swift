import Foundation
import TestSupport
import Testing

/// The command where its streams are closed, full, or read by nobody, and what it prints of names that mean harm.
@Suite struct StreamTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let images = ["grey8.png", "rgb8.png", "rgba8.png", "palette8.png", "grey.jpg", "cmyk.jpg"]
        let splits = ["train", "train", "train", "train", "val", "test"]
        let rows = images.indices.map {
            "\(Fixtures.url("images/\(images[$0])").path),\($0 % 2 == 0 ? "a" : "b"),\(splits[$0])"
        }
        try folder.write((["image,label,split"] + rows).joined(separator: "\n"), as: "m.csv")
        try folder.write(
            "manifest: m.csv\nmodalities: {image: {weights: \"\(Fixtures.url("resnet").path)\"}}\nfusion: {type: concat}\ntraining: {epochs: 1}\n",
            as: "c.yaml")
    }

    private func shell(_ line: String) throws -> Ended { try Ended(shell: line, in: folder.url) }

    @Test(
        arguments: [
            ("2>&-", 0), (">&-", 0), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0), ("2>/dev/full", 0),
            (">/dev/full", 73),
            (">/dev/full 2>&-", 73), ("2>&- | cat", 0),
        ])
    func noStreamEndsTheCommand(_ streams: String, _ code: Int32) throws {
        #expect(try shell("\"$braid\" check m.csv \(streams)").code == code)
        // An error's code stays what it is, wherever its message goes.
        let wanted: Int32 = streams.hasSuffix("cat") ? 0 : 66
        #expect(try shell("\"$braid\" check none.csv \(streams)").code == wanted)
    }

    @Test(arguments: [("--help", 0), ("--version", 0), ("check", 64), ("nonsense", 64)])
    func helpAndUsageNeedNoStream(_ argument: String, _ code: Int32) throws {
        #expect(try shell("\"$braid\" \(argument) >&- 2>&-").code == code)
        if code == 0 { #expect(try shell("\"$braid\" \(argument) >/dev/full").code == 73) }
    }

    @Test func aFullDeviceIsNamed() throws {
        let full = try shell("\"$braid\" check m.csv --quiet >/dev/full")
        #expect(
            full.error.contains(
                "cannot be written to standard output: No space left on device; free some room"),
            "\(full.error)")
    }

    /// No file of the run gets the number of a closed stream, and with it lines of progress.
    @Test func trainingWithoutStreamsLeavesAWholeRun() throws {
        #expect(try shell("\"$braid\" train c.yaml --out run <&- >&- 2>&-").code == 0)
        #expect(try shell("\"$braid\" train c.yaml --out other").code == 0)
        for name in ["model/model.safetensors", "predictions.csv", "config.yaml"] {
            let files = try ["run", "other"].map {
                try Data(contentsOf: folder.url.appendingPathComponent("\($0)/\(name)"))
            }
            #expect(files[0] == files[1], "\(name)")
        }
    }

    /// As `braid … | head -1` does, but certain to be gone: the reader has ended before the command begins.
    @Test(arguments: [
        ("check m.csv", 141), ("train c.yaml --out run 2>&1", 141), ("check none.csv 2>&1", 66),
        ("--help", 141),
    ])
    func aReaderThatGoesAwayEndsItQuietly(_ arguments: String, _ code: Int32) throws {
        let ended = try shell(
            "(sleep 0.2; \"$braid\" \(arguments); echo $? >code) | true; while [ ! -s code ]; do sleep 0.05; done; cat code"
        )
        #expect(Int32(ended.out.trimmingCharacters(in: .newlines)) == code, "\(ended.out)")
        #expect(!ended.error.contains("error:"))
        if arguments.hasPrefix("train") {
            // What is lost is what nobody reads: the training itself is done.
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.url.appendingPathComponent("run/report.html").path))
        }
    }

    @Test func namesAreEscapedAndCutWhereAPersonReadsThem() throws {
        let long = String(repeating: "x", count: 300_000)
        let rows = (0..<12).map {
            "row \($0) says,\($0 % 2 == 0 ? "\u{1B}]0;owned\u{7}" : "\u{202E}\(long)"),\($0 < 6 ? "train" : $0 < 9 ? "val" : "test")"
        }
        try folder.write((["text,\u{1B}[2Jlabel,split"] + rows).joined(separator: "\n"), as: "evil.csv")
        let missing = try shell("\"$braid\" check evil.csv")
        #expect(!missing.error.contains("\u{1B}") && !missing.out.contains("\u{1B}"))
        try folder.write((["text,label,split"] + rows).joined(separator: "\n"), as: "evil.csv")
        let check = try shell("\"$braid\" check evil.csv")
        #expect(
            check.out.contains("\\u{1B}]0;owned\\u{7}") && !check.out.contains("\u{1B}")
                && !check.out.contains("\u{202E}"))
        #expect(check.out.utf8.count < 50_000 && check.error.utf8.count < 50_000)
        let named = try shell("\"$braid\" check \"$(printf 'no\\033[2Jne.csv')\"")
        #expect(
            named.code == 66 && named.error.contains("no\\u{1B}[2Jne.csv")
                && !named.error.contains("\u{1B}"), "\(named.error)")
    }
}
