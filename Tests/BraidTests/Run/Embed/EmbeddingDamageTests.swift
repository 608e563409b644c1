import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Embeddings that say nothing, or were damaged where they lie: what is wrong is said, and of what.
@Suite struct EmbeddingDamageTests {
    private let small: SmallRun
    private let manifest: URL

    init() throws {
        small = try SmallRun()
        manifest = try small.makeData(16)
    }

    /// A network whose weights are all 0 gives every picture the same.
    private func writeZeros() throws -> URL {
        let folder = small.folder.url.appendingPathComponent("zeros")
        try FileManager.default.copyItem(at: Fixtures.url("resnet"), to: folder)
        let file = folder.appendingPathComponent("model.safetensors")
        let tensors = try SafetensorsFile(file)
        let zeros = try tensors.entries.keys.sorted().map { name in
            let tensor = try tensors.tensor(name)
            return (
                name: name,
                tensor: name.hasSuffix("running_var") ? try tensor.cloned() : try .zeros(tensor.shape, dtype: tensor.dtype)
            )
        }
        try SafetensorsWriter.write(zeros, to: file)
        return folder
    }

    @Test func embeddingsThatAreAllTheSameAreSaid() throws {
        let notes = NotedReporter()
        let configuration = try small.configuration(["modalities.image.weights=\(try writeZeros().path)", "training.epochs=1"])
        _ = try Training(configuration, into: RunFolder(small.folder.url.appendingPathComponent("run")), reporter: notes)()
        let said = notes.notes.filter { $0.contains("all embeddings are the same, whatever the media") }
        #expect(said.count == 1 && said[0].hasPrefix("image: ") && said[0].hasSuffix("tell nothing apart"), "\(notes.notes)")
    }

    /// One value of an export is no number any more: the row is named by its id, and by its place alone where nothing is there to be read.
    @Test func aDamagedExportNamesTheRow() throws {
        let folder = small.folder.url.appendingPathComponent("e")
        try EmbeddingExport(
            configuration: small.configuration(), manifest: manifest, modalities: [.image, .audio],
            Inference.Options(device: .cpu, onBadSample: .fail, reporter: SilentReporter(), cachesEmbeddings: false)
        ).write(to: .init(folder, partSize: 6, resumes: false))
        let part = folder.appendingPathComponent("part-00001.safetensors")
        let whole = try Data(contentsOf: part)
        func read() throws {
            let reader = try ExportReader(folder)
            for embedding in reader.embeddings { try reader.forEach(embedding) { _ in } }
        }
        try read()
        let file = try SafetensorsFile(part)
        for (value, row) in [(Float.nan, 0), (.infinity, 4)] {
            var values = try file.tensor("image").array()
            let width = values.count / 6
            values[row * width + width / 2] = value
            let others = try file.entries.keys.filter { $0 != "image" }.map { (name: $0, tensor: try file.tensor($0).cloned()) }
            try SafetensorsWriter.write(
                [(name: "image", tensor: try Tensor(values, shape: [6, width]))] + others, metadata: file.metadata, to: part)
            let error = #expect(throws: BraidError.self) { try read() }
            let wanted = "\(part.path): the image embedding of \(6 + row) is not finite; embed the rows anew"
            #expect(error?.code == .badData && error?.description == wanted, "\(error?.description ?? "")")
            try whole.write(to: part)
        }
        let names = folder.appendingPathComponent("part-00001.ids.txt")
        try Data("6\n7\n".utf8).write(to: names)
        let error = #expect(throws: BraidError.self) { try read() }
        #expect(error?.description.contains("has not the 2 rows of ") == true)
        try Data([0xFF, 0xFE]).write(to: names)
        #expect(#expect(throws: BraidError.self) { try read() }?.description.contains("part-00001.ids.txt") == true)
    }
}
