import ArgumentParser
import Braid
import Foundation

struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fold the adapters of a model into its encoders' weights.",
        discussion: "The model that is written gives the same answers, and needs no adapters: modalities.….train: lora:R or ia3.")

    @Argument(help: "A run folder, or the model folder in one.")
    var model: String

    @Option(name: .shortAndLong, help: "The folder to write, which must not be there.")
    var out: String

    func run() throws {
        let merged = try AdapterMerge.write(URL(argument: model), to: URL(argument: out))
        try emitLine("Model: \(URL(argument: out).path), merged: \(merged.map(\.rawValue).joined(separator: ", "))")
    }
}
