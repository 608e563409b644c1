import ArgumentParser
import Braid
import Foundation

struct Retrieve: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the rows of an embedding export that are nearest to a picture, a sentence or a sound.",
        discussion: """
            By cosine, over all rows. A sentence finds pictures or sounds where the export was made with a model whose towers share a space with a \
            text tower (CLIP, SigLIP, CLAP).

              braid embed clip.yaml --manifest photos.csv --out photos
              braid retrieve photos --weights openai/clip-vit-base-patch32 --text "a dog on the beach"
            """)

    @Argument(help: "A folder that braid embed wrote, in safetensors.")
    var embeddings: String

    @Option(help: "The weights that the embeddings were made with: a file, a folder or a Hugging Face id.")
    var weights: String

    @Option(help: "A picture to look for.")
    var image: String?

    // A text may begin with a dash.
    @Option(parsing: .unconditional, help: "A sentence to look for; - reads it from standard input.")
    var text: String?

    @Option(help: "A recording to look for.")
    var audio: String?

    @Option(help: "Which of the export's embeddings are searched. Needed where it has several.")
    var modality: String?

    @Option(name: .shortAndLong, help: "How many rows.")
    var count = 10

    @Option(
        help: "Write the embeddings as an index for faiss (IndexFlatIP) instead, and the ids of its rows beside it, FILE.ids.txt.")
    var faiss: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: "Where to compute: auto, cpu or cuda.")
    var device = DeviceChoice.auto

    @OptionGroup var threads: ThreadOptions

    @OptionGroup var output: OutputOptions

    private func questions() throws -> [(Modality, Medium)] {
        try [
            image.map { (.image, .file(URL(argument: $0))) },
            text.map { (.text, .inline(try StandardStreams.text($0, option: "--text"))) },
            audio.map { (.audio, .file(URL(argument: $0))) },
        ].compactMap { $0 }
    }

    func validate() throws {
        let asked = [image, text, audio].count { $0 != nil }
        if faiss == nil && asked != 1 { throw ValidationError("Give one of --image, --text and --audio.") }
        if faiss != nil && asked > 0 { throw ValidationError("--faiss writes an index, and looks for nothing.") }
        if faiss != nil && json { throw ValidationError("--json acts only where something is looked for.") }
        guard count >= 1 else { throw ValidationError("--count must be 1 or more.") }
        if text?.isEmpty == true { throw ValidationError("--text is empty.") }
    }

    func run() throws {
        let retrieval = try Retrieval(
            URL(argument: embeddings), modality: modality, weights: weights, relativeTo: URL(argument: "."),
            Inference.Options(device: device, reporter: output.reporter))
        if let faiss {
            let index = URL(argument: faiss)
            try retrieval.writeFaiss(to: index, ids: URL(argument: faiss + ".ids.txt"))
            return try emitLine("Index: \(index.path)")
        }
        guard let (modality, medium) = try questions().first else { return }
        let hits = try retrieval.nearest(to: medium, modality, count: count)
        if json { return try printJSON(hits) }
        try emit(hits.csv, .data)
    }
}
