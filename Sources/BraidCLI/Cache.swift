import ArgumentParser
import Braid
import Foundation

struct Cache: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show or clear what runs share: embeddings, and activations of frozen blocks.",
        discussion: """
            Embeddings of frozen encoders are kept by what they were made from: the medium's bytes, weights, front end, precision.
            They lie in BRAID_CACHE, else XDG_CACHE_HOME/braid, else ~/.cache/braid, and take at most BRAID_CACHE_GB gigabytes
            (default 20): beyond that, those that no run used for longest are deleted. Beside them lies what frozen blocks of encoders that are
            trained have given, as much as training.activation_cache.limit lets it be.
            """,
        subcommands: [Info.self, Clear.self])

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is in the cache, and how much room it takes.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let report = try EmbeddingCacheReport(.standard())
            if json { return try printJSON(report) }
            try emit(report.table)
        }
    }

    struct Clear: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete all cached embeddings and activations. Runs and models stay as they are.")

        func run() throws {
            let cache = try EmbeddingCache.standard()
            let report = try EmbeddingCacheReport(cache)
            try cache.clear()
            let sizes = "\(report.embeddings) embeddings, \(report.size), and \(report.activationsSize) of activations"
            try emitLine("Deleted \(sizes), from \(cache.folder.deletingLastPathComponent().path)")
        }
    }
}
