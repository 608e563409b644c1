import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Classification by sentences against Transformers and open_clip: scripts/references/contrastive.py and open_clip_models.py.
@Suite struct ZeroShotTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func model(_ name: String) throws -> (weights: String, case: ZeroShotCase) {
        let small = try ZeroShotCase(name)
        let url = folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try small.write(to: url)
        return (url.path, small)
    }

    private func options() -> Inference.Options { .init(device: .cpu, cachesEmbeddings: false) }

    /// Probabilities of the case's pictures, `[pictures, labels]`.
    private func expected(_ name: String, isMultilabel: Bool) throws -> [Float] {
        let logits = try Fixtures.tensors("zero_shot/\(name).safetensors").tensor("logits")
        return try (isMultilabel ? logits.sigmoid() : logits.softmax()).array()
    }

    @Test(arguments: ["clip", "siglip", "clap", "open_clip", "open_clip_custom"]) func logitsAreTheReferences(_ name: String) throws
    {
        let (weights, small) = try model(name)
        let space = try SharedSpace(weights, relativeTo: folder.url, device: .cpu, reporter: SilentReporter())
        let tensors = try Fixtures.tensors("zero_shot/\(name).safetensors")
        try withoutGradient {
            let prepared = try small.media.map { try space.encoder.frontEnd.prepare(.file($0)) }
            let embeddings = try space.encoder.encode(prepared).pooled
            try #expect(maxDifference(embeddings, tensors.tensor("media")) <= 1e-4)
            let logits = try space.logits(embeddings, space.points(of: small.labels.map(\.prompts)))
            try #expect(maxDifference(logits, tensors.tensor("logits")) <= 1e-4)
            // A label a sentence: the reference's own.
            let plain = try space.logits(embeddings, space.points(of: small.prompts.map { [$0] }))
            try #expect(maxDifference(plain, tensors.tensor("plain")) <= 1e-4)
        }
        #expect(space.judgesAlone == ["siglip", "open_clip_custom"].contains(name))
        #expect(space.modality == (name == "clap" ? .audio : .image))
    }

    /// Sounds are asked with sentences of their own, and vote beside pictures.
    @Test func soundsAreClassified() throws {
        let (clap, small) = try model("clap")
        let (clip, pets) = try model("clip")
        let labels = try ZeroShotLabels("cat,dog,train")
        let sound = Sample(id: "sound", line: 1, media: [.audio: .file(small.media[0])])
        let alone = try ZeroShot([clap], relativeTo: folder.url, labels: labels, options()).predict([sound])
        let space = try SharedSpace(clap, relativeTo: folder.url, device: .cpu, reporter: SilentReporter())
        let points = try space.points(of: ["cat", "dog", "train"].map { ["the sound of \($0)"] })
        let embedding = try Fixtures.tensors("zero_shot/clap.safetensors").tensor("media").slice(0, 0..<1)
        let expected = try withoutGradient { try space.logits(embedding, points).softmax().array() }
        #expect(zip(alone.primary.values[0], expected).allSatisfy { abs(Double($0) - Double($1)) < 1e-4 })
        let film = Sample(id: "film", line: 2, media: [.audio: .file(small.media[0]), .image: .file(pets.media[0])])
        let both = try ZeroShot([clip, clap], relativeTo: folder.url, labels: labels, options()).predict([sound, film])
        #expect(zip(both.primary.values[0], expected).allSatisfy { abs(Double($0) - Double($1)) < 1e-4 })
        #expect(both.primary.values[1] != both.primary.values[0])
    }

    @Test func sentencesFindSounds() throws {
        let (weights, small) = try model("clap")
        let manifest = folder.url.appendingPathComponent("sounds.csv")
        try (["id,audio"] + small.media.enumerated().map { "s\($0),\($1.path)" }).joined(separator: "\n")
            .write(to: manifest, atomically: true, encoding: .utf8)
        let configuration = try Configuration.parse(
            "manifest: sounds.csv\nmodalities: {audio: {weights: \(weights)}}\nhead: {}", folder: folder.url)
        let out = folder.url.appendingPathComponent("sounds")
        try EmbeddingExport(configuration: configuration, manifest: manifest, modalities: [.audio], options())
            .write(to: .init(out))
        let retrieval = try Retrieval(out, modality: nil, weights: weights, relativeTo: folder.url, options())
        let hits = try retrieval.nearest(to: .inline("a photo of a cat"), .text, count: 2)
        let plain = try Fixtures.tensors("zero_shot/clap.safetensors").tensor("plain").array(of: Float.self)
        let scale = try Foundation.exp(SeededArchitecture.tensor("logit_scale_a", [], "small").item())
        let first = try #require(hits.first { $0.id == "s0" })
        #expect(abs(first.cosine - Double(plain[0]) / scale) < 1e-5)
        #expect(try retrieval.nearest(to: .file(small.media[1]), .audio, count: 1).map(\.id) == ["s1"])
    }

    @Test func aManifestIsClassifiedAndScored() throws {
        let (weights, small) = try model("clip")
        let labels = try ZeroShotLabels("cat,dog", templates: ["a photo of a {}", "the {}"])
        let manifest = folder.url.appendingPathComponent("pets.csv")
        let rows = zip(small.media, ["cat", "dog"]).map { "\($0.path),\($1),seen" }
        try (["image,label,note"] + rows).joined(separator: "\n").write(to: manifest, atomically: true, encoding: .utf8)
        let classifier = try ZeroShot([weights], relativeTo: folder.url, labels: labels, options())
        let predictions = try classifier.predict(manifest: manifest)
        #expect(predictions.csv.hasPrefix("id,label,prediction,probability,p_cat,p_dog\n1,cat,"))
        #expect(try predictions.allScores()["accuracy"] != nil)
        let out = RunFolder(folder.url.appendingPathComponent("out"))
        try Report(predictions, title: "pets", question: classifier.question).write(to: out)
        let page = try String(contentsOf: out.file("report.html"), encoding: .utf8)
        #expect(page.contains("<th scope=\"row\">cat</th><td>a photo of a cat; the cat</td>"))
        let text = try String(contentsOf: out.file("report.txt"), encoding: .utf8)
        let name = URL(fileURLWithPath: weights).lastPathComponent
        #expect(text.contains("Asked of \(name) (image):\n  cat: a photo of a cat; the cat\n  dog: a photo of a dog; the dog\n"))
        let fewer = try ZeroShotLabels("cat,bird")
        let error = #expect(throws: BraidError.self) {
            try ZeroShot([weights], relativeTo: folder.url, labels: fewer, options()).predict(manifest: manifest, isJudged: true)
        }
        #expect(error?.description.contains("pets.csv:3: label: dog is not among the labels that are asked for") == true)
        for row in predictions.primary.values { #expect(abs(row.reduce(0, +) - 1) < 1e-5) }
    }

    @Test func manySentencesMakeOnePoint() throws {
        let (weights, small) = try model("siglip")
        let file = folder.url.appendingPathComponent("labels.txt")
        try "cat\ndog\tthe dog\n\n".write(to: file, atomically: true, encoding: .utf8)
        let labels = try ZeroShotLabels(file.path, templates: ["a photo of {}"])
        #expect(labels.names == ["cat", "dog"])
        #expect(labels.prompts(.image) == [["a photo of cat"], ["a photo of the dog"]])
        let samples = small.media.enumerated().map { Sample(id: "\($0)", line: $0, media: [.image: .file($1)]) }
        let judged = try ZeroShot([weights], relativeTo: folder.url, labels: labels, isMultilabel: true, options()).predict(samples)
        let compared = try ZeroShot([weights], relativeTo: folder.url, labels: labels, options()).predict(samples)
        // The logits are the same; read as odds of each class, or against one another.
        for (alone, together) in zip(judged.primary.values, compared.primary.values) {
            let odds = alone.map { Foundation.log($0 / (1 - $0)) }
            let share = 1 / (1 + Foundation.exp(odds[1] - odds[0]))
            #expect(abs(share - together[0]) < 1e-4)
        }
    }

    @Test func whatCannotBeAskedIsRefused() throws {
        let (weights, _) = try model("clip")
        let labels = try ZeroShotLabels("cat,dog")
        func message(_ work: () throws -> Void) -> String {
            do { try work() } catch { return "\(error)" }
            return "no error"
        }
        #expect(message { _ = try ZeroShotLabels("cat") }.contains("two names or more"))
        #expect(message { _ = try ZeroShotLabels("cat,cat") }.contains("named twice"))
        #expect(message { _ = try ZeroShotLabels("cat,,dog") }.contains("none of them empty"))
        #expect(message { _ = try ZeroShotLabels("missing.txt") }.contains("no such file"))
        #expect(message { _ = try ZeroShotLabels("cat,dog", templates: ["a photo"]) }.contains("with {}"))
        #expect(
            message { _ = try ZeroShot([weights], relativeTo: folder.url, labels: labels, isMultilabel: true, options()) }
                .contains("only compares labels"))
        #expect(
            message { _ = try ZeroShot([weights, weights], relativeTo: folder.url, labels: labels, options()) }
                .contains("weights for image already"))
        #expect(
            message { _ = try ZeroShot([Fixtures.url("resnet").path], relativeTo: folder.url, labels: labels, options()) }
                .contains("share a space with a text tower: clip"))
        let text = Sample(id: "one", line: 2, media: [.text: .inline("a cat")])
        #expect(
            message { _ = try ZeroShot([weights], relativeTo: folder.url, labels: labels, options()).predict([text]) }
                .contains("has nothing that the models see"))
    }

    @Test func sentencesFindPicturesInAnExport() throws {
        let (weights, small) = try model("clip")
        let manifest = folder.url.appendingPathComponent("pictures.csv")
        let all = small.media + [Fixtures.url("images/progressive.jpg")]
        try (["id,image,text"] + all.enumerated().map { "p\($0),\($1.path),words" } + ["none,,words"]).joined(separator: "\n")
            .write(to: manifest, atomically: true, encoding: .utf8)
        let configuration = try Configuration.parse(
            "manifest: pictures.csv\nmodalities: {image: {weights: \(weights)}}\nhead: {}", folder: folder.url)
        let out = folder.url.appendingPathComponent("export")
        try EmbeddingExport(configuration: configuration, manifest: manifest, modalities: [.image], options())
            .write(to: .init(out, partSize: 2))
        let retrieval = try Retrieval(out, modality: nil, weights: weights, relativeTo: folder.url, options())
        let hits = try retrieval.nearest(to: .inline("a photo of a cat"), .text, count: 10)
        #expect(Set(hits.map(\.id)) == ["p0", "p1", "p2"] && hits.map(\.cosine) == hits.map(\.cosine).sorted(by: >))
        let plain = try Fixtures.tensors("zero_shot/clip.safetensors").tensor("plain").array(of: Float.self)
        let scale = try Foundation.exp(SeededArchitecture.tensor("logit_scale", [], "small").item())
        let first = try #require(hits.first { $0.id == "p0" })
        #expect(abs(first.cosine - Double(plain[0]) / scale) < 1e-5)
        // A picture finds itself.
        let itself = try retrieval.nearest(to: .file(all[2]), .image, count: 1)
        #expect(itself.map(\.id) == ["p2"] && abs(itself[0].cosine - 1) < 1e-5)
        let index = folder.url.appendingPathComponent("index.faiss")
        let ids = folder.url.appendingPathComponent("ids.txt")
        try retrieval.writeFaiss(to: index, ids: ids)
        let bytes = try Data(contentsOf: index)
        #expect(bytes.count == 4 + 4 + 3 * 8 + 1 + 4 + 8 + 3 * 24 * 4 && bytes.prefix(4) == Data("IxFI".utf8))
        #expect(try String(contentsOf: ids, encoding: .utf8) == "p0\np1\np2\n")
        let (others, _) = try model("siglip")
        #expect(throws: BraidError.self) {
            try Retrieval(out, modality: nil, weights: others, relativeTo: folder.url, options())
                .nearest(to: .inline("a cat"), .text, count: 1)
        }
    }
}
