import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

@Suite struct EmbeddingExportTests {
    private let small: SmallRun
    private let manifest: URL

    init() throws {
        small = try SmallRun()
        manifest = try small.makeData(22, hasAudio: { $0 % 5 != 0 })
    }

    private func export(_ out: String, part: Int = 8, resumes: Bool = false, policy: BadSample.Policy = .fail) throws -> URL {
        let export = try EmbeddingExport(
            configuration: small.configuration(), manifest: manifest, modalities: [.image, .audio],
            Inference.Options(device: .cpu, onBadSample: policy, reporter: SilentReporter(), cachesEmbeddings: false))
        let folder = small.folder.url.appendingPathComponent(out)
        try export.write(to: .init(folder, partSize: part, resumes: resumes))
        return folder
    }

    private func ids(_ folder: URL) throws -> [[String]] {
        try JSONObject(folder.appendingPathComponent("index.json")).fields["parts"].map { $0 as? [[String: Any]] ?? [] }?.map {
            part in
            let stem = part["stem"] as? String ?? ""
            let text = try String(contentsOf: folder.appendingPathComponent("\(stem).ids.txt"), encoding: .utf8)
            return text.split(separator: "\n").map(String.init)
        } ?? []
    }

    @Test func partsTogetherAreTheWhole() throws {
        let (whole, parts) = (try export("whole", part: 100), try export("parts"))
        #expect(try ids(parts) == [(0..<8), (8..<16), (16..<22)].map { $0.map { "\($0)" } })
        let expected = try SafetensorsFile(whole.appendingPathComponent("part-00000.safetensors"))
        let files = try (0..<3).map { try SafetensorsFile(parts.appendingPathComponent("part-0000\($0).safetensors")) }
        for name in ["image", "audio"] {
            let joined = try Tensor.concatenate(files.map { try $0.tensor(name) }, 0)
            #expect(try maxDifference(joined, expected.tensor(name)) <= 1e-5)
        }
        let present = try files.flatMap { try $0.tensor("audio_present").array(of: UInt8.self) }
        #expect(present == (0..<22).map { $0 % 5 == 0 ? 0 : 1 })
        #expect(!FileManager.default.fileExists(atPath: parts.appendingPathComponent("plan.json").path))
    }

    /// The second part's medium is damaged: the first part stays, and the rest is made once it is mended.
    @Test func whatIsFinishedIsNotMadeAgain() throws {
        let broken = small.folder.url.appendingPathComponent("9.png")
        let whole = try Data(contentsOf: broken)
        try Data("no picture".utf8).write(to: broken)
        let error = #expect(throws: BraidError.self) { try export("out") }
        #expect(error?.description.contains("9.png: is no PNG, JPEG, WebP, GIF") == true)
        let first = small.folder.url.appendingPathComponent("out/part-00000.safetensors")
        let made = try first.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
        let bytes = try Data(contentsOf: first)

        let unasked = #expect(throws: BraidError.self) { try export("out") }
        #expect(unasked?.description.contains("not finished: go on with --resume") == true)
        let other = #expect(throws: BraidError.self) { try export("out", part: 7, resumes: true) }
        #expect(other?.description.contains("begun with other settings, and cannot be gone on with: --part-size (8)") == true)

        try whole.write(to: broken)
        let folder = try export("out", resumes: true)
        #expect(try first.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate == made)
        #expect(try Data(contentsOf: first) == bytes)
        #expect(try ids(folder).flatMap { $0 } == (0..<22).map { "\($0)" })
        let uninterrupted = try export("again")
        for part in 0..<3 {
            let name = "part-0000\(part).safetensors"
            #expect(
                try Data(contentsOf: folder.appendingPathComponent(name))
                    == Data(contentsOf: uninterrupted.appendingPathComponent(name)))
        }
        let finished = #expect(throws: BraidError.self) { try export("out", resumes: true) }
        #expect(finished?.description.contains("holds embeddings already") == true)
    }

    @Test func skippedRowsAreInNoPart() throws {
        try Data("no picture".utf8).write(to: small.folder.url.appendingPathComponent("9.png"))
        let folder = try export("out", policy: .skip)
        #expect(try ids(folder).map(\.count) == [8, 7, 6])
        #expect(try JSONObject(folder.appendingPathComponent("index.json")).int("rows") == 21)
    }

    @Test func faultsComeBeforeAnythingIsWritten() throws {
        try small.folder.write("id,image\n1,0.png\n1,1.png\n2,\n", as: "manifest.csv")
        let error = #expect(throws: BraidError.self) { try export("out") }
        #expect(error?.description.contains("\"1\" is the id of line 2 already") == true)
        #expect(error?.description.contains("has no image, text or audio") == true)
        #expect(!FileManager.default.fileExists(atPath: small.folder.url.appendingPathComponent("out").path))
    }

    @Test func splitsAreStreamedOrHeld() throws {
        let columns = Columns()
        func ids(_ split: Split?) throws -> [String] {
            let stream = try SampleStream(manifest, columns: columns, split: split, stratum: "label", onBadSample: .fail)
            var ids: [String] = []
            try stream.forEach(3) { ids += $0.map(\.id) }
            #expect(stream.count == ids.count)
            return ids
        }
        #expect(try ids(nil).count == 22)
        #expect(try ids(.val) == (11..<16).map { "\($0)" })
        // Without a split column, as the whole manifest is split.
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let plain = text.replacing(",train,", with: ",").replacing(",val,", with: ",").replacing(",test,", with: ",")
            .replacing("id,split,", with: "id,")
        try small.folder.write(plain, as: "manifest.csv")
        #expect(try ids(.test) == Manifest.read(manifest).samples(in: .test).map(\.id))
    }
}
