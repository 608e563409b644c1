// Trains a fused classifier on a configuration, embeds its test samples, and predicts one: swift run FusedClassifier CONFIG OUT
import Braid
import Foundation

/// Tells on stderr what the library has to say; progress is left out.
struct Notes: Reporter {
    let isListening = true
    func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
    func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress {
        SilentReporter().begin(title, total: total, unit: unit)
    }
}

guard CommandLine.arguments.count == 3 else { fatalError("usage: FusedClassifier CONFIG OUT") }
let config = URL(fileURLWithPath: CommandLine.arguments[1])
let out = URL(fileURLWithPath: CommandLine.arguments[2])

do {
    // Train: any key of the configuration can be set anew.
    let configuration = try Configuration.read(config).with(["training.epochs": "15"])
    let run = RunFolder(out.appendingPathComponent("run"))
    let outcome = try Training(configuration, into: run, reporter: Notes())()
    print("test accuracy", try outcome.test?.allScores()["accuracy"] ?? .nan)

    // Embed: per modality and fused, as safetensors.
    let embeddings = out.appendingPathComponent("embeddings")
    let selection = EmbeddingExport.Selection(modalities: [.image, .text, .audio], fused: true)
    let options = Inference.Options(reporter: Notes())
    try EmbeddingExport(
        model: run.url, manifest: configuration.manifestURL, split: .test, selection: selection, options
    ).write(to: .init(embeddings))
    print("embeddings", try FileManager.default.contentsOfDirectory(atPath: embeddings.path).sorted().joined(separator: " "))

    // Predict: from any subset of the modalities.
    let sample = Sample(id: "new", text: .inline("A trio, no more and no less."))
    print(try Inference(model: run.url, samples: [sample], options).predict().summary(of: 0), terminator: "")
} catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(Causes.code(of: error).rawValue)
}
