import ArgumentParser
import Braid
import Foundation

/// What `braid train` is given: a configuration, a run to go on with, or a manifest alone.
struct TrainSource {
    /// What a manifest's file may end in.
    private static let manifests: Set<String> = ["csv", "tsv", "jsonl", "ndjson", "parquet"]

    private enum Kind { case configuration, run, manifest }

    /// The file that the configuration stands in; the manifest where there is none.
    let url: URL
    private let kind: Kind

    /// - Parameters:
    ///   - argument: As the user writes it.
    ///   - resume: Whether a run is gone on with.
    /// - Throws: `BraidError` where it is a folder that is no run, or a run that is not to be gone on with.
    init(_ argument: String, resume: Bool) throws {
        let given = URL(argument: argument)
        if Self.manifests.contains(given.pathExtension.lowercased()) {
            (url, kind) = (given, .manifest)
            return
        }
        guard (try? given.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else {
            (url, kind) = (given, .configuration)
            return
        }
        let configuration = given.appendingPathComponent("config.yaml")
        guard FileManager.default.fileExists(atPath: configuration.path) else {
            throw BraidError(
                .usage,
                "\(argument) is a folder without a config.yaml; train takes a configuration, a manifest, or a run's folder: braid init \(argument) writes a configuration for a folder of files"
            )
        }
        guard resume else {
            throw BraidError(
                .usage,
                "\(argument) is a run already: go on with --resume, or train \(argument)/config.yaml anew with --out another folder"
            )
        }
        (url, kind) = (configuration, .run)
    }

    /// The run's folder where `--out` is not given.
    var folder: URL {
        kind == .run ? url.deletingLastPathComponent() : URL(argument: "runs/\(url.deletingPathExtension().lastPathComponent)")
    }

    /// The configuration; of a manifest alone the one that `braid init` would propose, which the run keeps.
    func configuration(overrides: [String], reporter: any Reporter) throws -> Configuration {
        guard kind == .manifest else { return try Configuration.read(url, overrides: overrides) }
        let place = url.deletingLastPathComponent()
        let yaml = try ConfigurationProposal.yaml(for: url, relativeTo: place)
        reporter.note(
            "\(url.lastPathComponent) is a manifest: training with the configuration that braid init proposes for it; the run keeps it as config.yaml"
        )
        return try Configuration.parse(yaml, file: "the proposed configuration", folder: place, overrides: overrides)
    }
}
