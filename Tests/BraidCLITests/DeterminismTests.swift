import Foundation
import TestSupport
import Testing

/// The same seed and number of threads give the same bytes, whatever was measured meanwhile, and what goes on computes as what was begun.
@Suite(.serialized) struct DeterminismTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writePictures(24)
        try folder.write(
            """
            manifest: m.csv
            modalities: {image: {weights: "bundled:resnet10-cifar-mnist", train: "last:1"}}
            training: {epochs: 2, batch_size: 8}
            """, as: "c.yaml")
    }

    private func shell(_ line: String, _ environment: [String: String] = [:]) throws -> Ended {
        try Ended(shell: line, in: folder.url, ["OMP_NUM_THREADS": "1", "BRAID_CACHE": "cache"].merging(environment) { $1 })
    }
    private func file(_ name: String) throws -> Data { try Data(contentsOf: folder.url.appendingPathComponent(name)) }

    @Test func twoTrainingsLeaveTheSameBytes() throws {
        for run in ["one", "two"] {
            // A cache of embeddings of its own, as on another day.
            let ended = try shell("rm -rf cache/embeddings cache/activations; \"$braid\" train c.yaml --out \(run) --quiet")
            #expect(ended.code == 0, "\(ended.error)")
        }
        for name in [
            "model/model.safetensors", "model/image/model.safetensors", "model/model.json", "checkpoints/last/weights.safetensors",
            "checkpoints/last/optimizer.safetensors", "predictions.csv", "config.yaml", "checkpoints/choices.json",
        ] { #expect(try file("one/\(name)") == file("two/\(name)"), "\(name)") }
    }

    /// The way of an export's first part is kept with its plan, and wins over what this process would find out.
    @Test func anExportGoesOnAsItWasBegun() throws {
        let sounds = ["float32-48k.wav", "pcm16-8k.wav", "pcm8-11k.wav", "flac-22k.flac"]
        let rows = (0..<12).map { "\($0),\(Fixtures.url("audio/\(sounds[$0 % 4])").path)" }
        try folder.write((["id,audio"] + rows).joined(separator: "\n"), as: "s.csv")
        try folder.write(
            "manifest: s.csv\nmodalities: {audio: {weights: \"bundled:cnn10-fsdd\"}}\nhead: {task: multiclass}\n", as: "s.yaml")
        let embed = "\"$braid\" embed s.yaml --manifest s.csv --part-size 6 --no-cache --quiet --out"
        let part = "part-00001.safetensors"
        for way in ["winograd", "direct"] { #expect(try shell("\(embed) \(way)", ["BRAID_CONVOLUTION": way]).code == 0) }
        #expect(try file("winograd/\(part)") != file("direct/\(part)"), "else this shows nothing")
        for (way, other) in [("winograd", "direct"), ("direct", "winograd")] {
            let begun = try shell("ulimit -f 2; \(embed) begun-\(way)", ["BRAID_CONVOLUTION": way])
            #expect(begun.code == 73, "\(begun.error)")
            // What was measured on this machine says otherwise.
            let measured = try shell(
                "\(embed) measured-\(way); for f in cache/choices/BRAID_CONVOLUTION*; do echo \(other) >$f; done")
            #expect(measured.code == 0, "\(measured.error)")
            let resumed = try shell("\(embed) begun-\(way) --resume")
            #expect(resumed.code == 0, "\(resumed.error)")
            #expect(try file("begun-\(way)/\(part)") == file("\(way)/\(part)"), "\(way)")
        }
    }
}
