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

            Where a column is taken for something that it is not, say what it is:
              braid init faults.csv --label fault_code --text report
            """)

    @Argument(help: "A .csv, .tsv or .jsonl manifest, or a folder with a metadata file or a folder for each class.")
    var manifest: String?

    @Option(help: ArgumentHelp("The column of labels.", valueName: "column"))
    var label: String?

    @Option(help: ArgumentHelp("The column of texts.", valueName: "column"))
    var text: String?

    @Option(help: ArgumentHelp("The column of pictures.", valueName: "column"))
    var image: String?

    @Option(help: ArgumentHelp("The column of recordings.", valueName: "column"))
    var audio: String?

    @Option(
        help: ArgumentHelp(
            "The column of what several rows belong to, as a patient or a speaker: all of its rows go into one split.",
            valueName: "column"))
    var group: String?

    @Option(name: .shortAndLong, help: "The file to write. It must not exist yet.")
    var out: String?

    @Flag(help: "Print the JSON Schema of configurations instead, for editors.")
    var schema = false

    func validate() throws {
        if schema == (manifest != nil) { throw ValidationError("Give a manifest, or --schema alone.") }
        if schema && !told.isEmpty { throw ValidationError("--schema is of every configuration: leave out the columns.") }
        for (column, uses) in Dictionary(grouping: told, by: \.value) where uses.count > 1 {
            let options = uses.map { "--\($0.key)" }.sorted().joined(separator: " and ")
            throw ValidationError("\(options) name one column, \(column).")
        }
    }

    /// The columns that are named, by what they hold.
    private var told: [String: String] {
        ["label": label, "text": text, "image": image, "audio": audio, "group": group].compactMapValues { $0 }
    }

    func run() throws {
        guard let manifest else { return try write(Configuration.jsonSchema()) }
        let folder = out.map { URL(argument: $0).deletingLastPathComponent() } ?? URL(argument: ".")
        try write(
            ConfigurationProposal.yaml(
                for: file(of: URL(argument: manifest), folder), relativeTo: folder, told: told))
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
