import ArgumentParser
import Braid
import Foundation

struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a configuration from a manifest alone.",
        discussion: """
            Detects columns, task and modalities. Prints the configuration, or writes it to --out.

            Of a folder whose files lie in folders named after their classes (dog/1.png, or train/dog/1.png) it writes the manifest too, \
            beside the configuration.
            """)

    @Argument(help: "A .csv, .tsv or .jsonl manifest, or a folder with a metadata file or a folder for each class.")
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
        try write(ConfigurationProposal.yaml(for: file(of: URL(argument: manifest), folder), relativeTo: folder))
    }

    /// The manifest: of a folder the file that describes it, else one that is written in `place`.
    private func file(of url: URL, _ place: URL) throws -> URL {
        guard url.hasDirectoryPath || (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true else { return url }
        if let metadata = FolderTree.metadata(in: url) { return metadata }
        let tree = try FolderTree(url, relativeTo: place)
        let file = place.appendingPathComponent("\(url.lastPathComponent).csv")
        let before = try? InputFile.document(file, "")
        if before == Data(tree.csv.utf8) { return file }
        guard before == nil, !FileManager.default.fileExists(atPath: file.path) else {
            throw BraidError(
                .cannotCreate, "\(file.path) exists already, and would hold the manifest of \(url.path); name it, or remove it")
        }
        try AtomicFile.write(Data(tree.csv.utf8), to: file)
        for note in tree.notes + ["wrote \(file.path)"] { TerminalReporter().note("\(url.lastPathComponent): \(note)") }
        return file
    }

    private func write(_ text: String) throws {
        guard let out else { return try emit(text, .data) }
        guard !FileManager.default.fileExists(atPath: out) else {
            throw BraidError(.cannotCreate, "\(out) exists already; name another file, or remove it")
        }
        try AtomicFile.write(text, to: URL(argument: out))
    }
}
