// Trains a fused classifier on a configuration, embeds its test samples, and predicts one: swift run FusedClassifier CONFIG OUT
import Braid
import Foundation

func run(_ config: URL, _ out: URL) throws {
    // Train: any key of the configuration can be set anew.
    let configuration = try Configuration.read(config).with(["training.epochs": "15"])
    let run = RunFolder(out.appendingPathComponent("run"))
    let outcome = try Training(configuration, into: run)()
    print("test accuracy", try outcome.test?.allScores()["accuracy"] ?? .nan)

    // Embed: per modality and fused, as safetensors.
    let embeddings = out.appendingPathComponent("embeddings")
    let selection = EmbeddingExport.Selection(modalities: [.image, .text, .audio], fused: true)
    try EmbeddingExport(
        model: run.url, manifest: configuration.manifestURL, split: .test, selection: selection, .init()
    ).write(to: .init(embeddings))
    print("embeddings", try FileManager.default.contentsOfDirectory(atPath: embeddings.path).sorted().joined(separator: " "))

    // Predict: from any subset of the modalities.
    let sample = Sample(id: "new", text: .inline("A trio, no more and no less."))
    print(try Inference(model: run.url, samples: [sample], .init()).predict().summary(of: 0), terminator: "")
}

guard CommandLine.arguments.count == 3 else {
    print("usage: FusedClassifier CONFIG OUT")
    exit(64)
}
let places = CommandLine.arguments.dropFirst().map { URL(fileURLWithPath: $0) }
do { try run(places[0], places[1]) } catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(Causes.code(of: error).rawValue)
}
