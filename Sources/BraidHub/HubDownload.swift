internal import BraidSupport
internal import Foundation

/// One repository's way into the cache, file by file.
final class HubDownload {
    private let repository: HubRepository
    private let listing: HubListing
    private let cache: HubCache
    private let connection: HubConnection
    private let reporter: any Reporter
    private let bar: any StepProgress
    private var moved = false

    init(
        _ repository: HubRepository, _ listing: HubListing, _ cache: HubCache, _ connection: HubConnection,
        _ reporter: any Reporter
    ) {
        self.repository = repository
        self.listing = listing
        self.cache = cache
        self.connection = connection
        self.reporter = reporter
        let shown: any Reporter = connection.environment.hidesProgress ? SilentReporter() : reporter
        bar = shown.begin("Download \(repository)", total: 0, unit: .bytes)
    }

    /// Downloads what the snapshot lacks: the weights last, so that one that has them has all (`HubCache.completeSnapshot`).
    func run() throws {
        var selection = try choose()
        while !selection.isFinal {
            let before = selection
            try take(selection.companions)
            selection = try choose()
            guard selection != before else { throw BraidError(.internal, "\(repository): the choice of files does not settle") }
        }
        guard !selection.all.isEmpty else {
            throw BraidError(
                .noInput,
                "model \(repository): has no file that Braid reads: no config.json, no .safetensors, .bin, .pth or .pt in its root")
        }
        try take(selection.companions)
        try take(selection.weights)
        if moved { bar.finish() }
    }

    private func choose() throws -> HubFiles.Selection {
        try HubFiles.selection(of: listing.files) { try cache.json($0, at: listing.commit) }
    }

    private func take(_ names: [String]) throws {
        let retries = connection.environment.retries
        let files = try names.filter { !cache.has($0, at: listing.commit) }.map { name in
            try retries.run { try connection.file(name, of: repository, at: listing.commit) }
        }
        guard !files.isEmpty else { return }
        let missing = files.filter { !cache.hasBlob($0) }.reduce(0) { $0 + ($1.size ?? 0) }
        try cache.prepare(for: missing)
        bar.expect(missing)
        for file in files { try take(file) }
    }

    private func take(_ file: HubFile) throws {
        try cache.locked(file.etag, reporter: reporter) {
            if !cache.hasBlob(file) {
                moved = true
                let blob = cache.blob(file.etag)
                let partial = blob.appendingPathExtension("incomplete")
                try BlobDownload(file, to: partial, of: repository, over: connection, bar).run()
                try HubCache.writing(blob) { try cache.rename(partial, to: blob) }
            }
            try cache.link(file.name, at: listing.commit, to: file.etag)
        }
    }
}
