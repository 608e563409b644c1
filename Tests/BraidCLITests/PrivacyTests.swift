import Foundation
import TestSupport
import Testing

/// What a command leaves may be passed on: it names neither the user nor where their files lie, and still goes on where it stands.
@Suite struct PrivacyTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func braid(_ arguments: String...) throws -> Ended {
        let home = folder.url.appendingPathComponent("home/annaliese")
        return try Ended("braid", arguments, in: folder.url, ["HOME": home.path, "USER": "annaliese", "HOSTNAME": "secret-host"])
    }

    /// The files below `name` that hold the folder's path, the user or the host.
    private func leaks(_ name: String) throws -> [String] {
        let root = folder.url.appendingPathComponent(name)
        let words = [folder.url.lastPathComponent, "annaliese", "secret-host"].map { Data($0.utf8) }
        let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        #expect(!names.isEmpty, "\(name) is empty")
        return names.filter { file in
            let data = (try? Data(contentsOf: root.appendingPathComponent(file))) ?? Data()
            return words.contains { data.range(of: $0) != nil }
        }
    }

    /// The manifest and the weights in the user's home, and everything that is written elsewhere, with absolute paths throughout.
    @Test func nothingThatIsPassedOnNamesTheUser() throws {
        let files = FileManager.default
        let home = folder.url.appendingPathComponent("home/annaliese")
        try files.createDirectory(at: home.appendingPathComponent("data"), withIntermediateDirectories: true)
        try files.copyItem(at: Fixtures.url("resnet"), to: home.appendingPathComponent("weights"))
        let images = ["grey8.png", "rgb8.png", "rgba8.png", "palette8.png", "grey.jpg", "cmyk.jpg"]
        let splits = ["train", "train", "train", "train", "val", "test"]
        for image in images {
            try files.copyItem(at: Fixtures.url("images/\(image)"), to: home.appendingPathComponent("data/\(image)"))
        }
        let rows = (0..<60).map { "\($0),\(images[$0 % 6]),\($0 % 2 == 0 ? "a" : "b"),\(splits[$0 % 6])" }
        let manifest = try folder.write((["id,image,label,split"] + rows).joined(separator: "\n"), as: "home/annaliese/data/m.csv")
            .path
        let config = try folder.write(
            """
            manifest: \(manifest)
            modalities: {image: {weights: "\(home.path)/weights", train: "lora:2"}}
            fusion: {type: concat}
            training: {epochs: 2}
            """, as: "home/annaliese/c.yaml"
        ).path
        let out = folder.url.appendingPathComponent("out").path
        let train = try braid(
            "train", config, "--out", "\(out)/run", "--quiet", "--set", "modalities.image.weights=\(home.path)/weights")
        #expect(train.code == 0, "\(train.error)")
        #expect(try leaks("out/run") == [])
        let yaml = try String(contentsOfFile: "\(out)/run/config.yaml", encoding: .utf8)
        #expect(yaml.contains("manifest: ~/data/m.csv") || yaml.contains("manifest: \"~/data/m.csv\""), "\(yaml)")
        // Each goes on from what it has written.
        #expect(try braid("train", config, "--out", "\(out)/run", "--resume", "--quiet").code == 0)
        let again = try braid("train", "\(out)/run/config.yaml", "--out", "\(out)/again", "--quiet")
        #expect(again.code == 0, "\(again.error)")
        #expect(try braid("evaluate", "\(out)/run", "--manifest", manifest, "--out", "\(out)/evaluation").code == 0)
        #expect(try leaks("out/evaluation") == [])
        for source in ["\(out)/run", config] {
            let name = source == config ? "plain" : "fused"
            let failed = try Ended(
                shell: "ulimit -f 2; \"$braid\" embed \(source) --manifest \(manifest) --out out/\(name) --part-size 50",
                in: folder.url,
                ["HOME": home.path])
            #expect(failed.code == 73, "\(failed.error)")
            let embed = try braid(
                "embed", source, "--manifest", manifest, "--out", "\(out)/\(name)", "--part-size", "50", "--resume")
            #expect(embed.code == 0, "\(embed.error)")
            #expect(try leaks("out/\(name)") == [])
        }
        let drift = try braid("drift", "\(out)/run", "--manifest", manifest, "--split", "all", "--out", "\(out)/drift")
        #expect(drift.code < 2, "\(drift.error)")
        #expect(try leaks("out/drift") == [])
    }

    /// A run that lies elsewhere than where it was made goes on with the manifest that is named now.
    @Test func aRunThatWasMovedGoesOn() throws {
        let row =
            "image,label,split\n"
            + ["train", "train", "val", "test"].enumerated().map {
                "\(Fixtures.url("images/grey8.png").path),\($0 % 2 == 0 ? "a" : "b"),\($1)\n"
            }.joined()
        try folder.write(row, as: "m.csv")
        try folder.write(
            "manifest: m.csv\nmodalities: {image: {weights: \"bundled:resnet10-cifar-mnist\"}}\ntraining: {epochs: 1}\n",
            as: "c.yaml")
        let train = try braid("train", "c.yaml", "--out", "run", "--quiet")
        #expect(train.code == 0, "\(train.error)")
        try folder.write("", as: "deep/er/still/x")
        try FileManager.default.moveItem(
            at: folder.url.appendingPathComponent("run"), to: folder.url.appendingPathComponent("deep/er/still/run"))
        let resumed = try braid("train", "c.yaml", "--out", "deep/er/still/run", "--resume", "--quiet")
        #expect(resumed.code == 0, "\(resumed.error)")
    }
}
