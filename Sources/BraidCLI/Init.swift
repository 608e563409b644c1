import ArgumentParser
import Braid
import Foundation

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a configuration from a manifest alone.",
        discussion: "Detects columns, task and modalities. Prints the configuration, or writes it to --out.")

    @Argument(help: "A .csv, .tsv or .jsonl manifest.")
    var manifest: String?

    @Option(name: .shortAndLong, help: "The file to write. It must not exist yet.")
    var out: String?

    @Flag(help: "Print the JSON Schema of configurations instead, for editors.")
    var schema = false

    func validate() throws {
        if schema == (manifest != nil) { throw ValidationError("Give a manifest, or --schema alone.") }
    }

    func run() throws {
        guard let manifest else { return try write(Configuration.jsonSchema()) }
        let folder = out.map { URL(argument: $0).deletingLastPathComponent() } ?? URL(argument: ".")
        try write(ConfigurationProposal.yaml(for: URL(argument: manifest), relativeTo: folder))
    }

    private func write(_ text: String) throws {
        guard let out else { return try emit(text) }
        guard !FileManager.default.fileExists(atPath: out) else {
            throw BraidError(.cannotCreate, "\(out) exists already; name another file, or remove it")
        }
        do { try text.write(toFile: out, atomically: true, encoding: .utf8) } catch {
            throw BraidError(.cannotCreate, "\(out) cannot be written: \(error.localizedDescription)")
        }
    }
}
