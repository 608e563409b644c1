internal import BraidHub
internal import Foundation
internal import Synchronization

extension WebMedia {
    /// The most bytes of one file.
    static let limit = 200_000_000
    /// How many are fetched at a time.
    private static let workers = 8

    /// Fetches what a manifest names by address and is not there yet.
    ///
    /// - Returns: Why some could not be fetched, by address; empty where the manifest names none.
    static func fetch(for manifest: URL, _ columns: Columns, _ reporter: any Reporter) throws -> [String: String] {
        guard ManifestFile.ending(of: manifest) != "parquet", try mayName(manifest) else { return [:] }
        var addresses: Set<String> = []
        var reader = RowReader(manifest)
        try reader.read { row in
            guard row.cells.contains(where: isAddress) else { return }
            let cell = { (known: String) in row.cells[columns.name(known)] }
            for modality in columns.modalities {
                var cells = CellReader(modality, folder: manifest.deletingLastPathComponent(), cells: cell)
                // A text may well be an address; only those are fetched that name a file.
                guard let file = modality.kind.read(&cells)?.url else { continue }
                addresses.formUnion(modality.sources.compactMap(cell).filter { isAddress($0) && self.file(of: $0) == file })
            }
        }
        return fetch(addresses.filter { !FileManager.default.fileExists(atPath: file(of: $0).path) }.sorted(), reporter)
    }

    private static func fetch(_ addresses: [String], _ reporter: any Reporter) -> [String: String] {
        guard !addresses.isEmpty else { return [:] }
        guard (try? HubEnvironment())?.isOffline != true else {
            let reason = "is an address, whose file is not in the cache, and HF_HUB_OFFLINE forbids to fetch it"
            return Dictionary(uniqueKeysWithValues: addresses.map { ($0, reason) })
        }
        let hosts = Set(addresses.compactMap { URL(string: $0)?.host }).sorted()
        reporter.note("fetching \(counted(addresses.count, "file")) from \(hosts.joined(separator: ", ")) into \(folder.path)")
        let progress = reporter.begin("fetching media", total: addresses.count)
        let shared = SharedProgress(progress)
        let web = WebDownload()
        let failures = Mutex<[String: String]>([:])
        _ = concurrentMap(addresses.count, workers: workers) { number in
            defer { shared.advance() }
            do { try fetch(addresses[number], web) } catch {
                failures.withLock { $0[addresses[number]] = "cannot be fetched: \(error)" }
            }
        }
        progress.finish()
        return failures.withLock { $0 }
    }

    private static func fetch(_ address: String, _ web: WebDownload) throws {
        guard let url = URL(string: address), url.host?.isEmpty == false else { throw BraidError(.badData, "it is no address") }
        let file = file(of: address)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard let wanted = url.fragment.flatMap({ $0.hasPrefix("sha256=") ? $0.dropFirst(7).lowercased() : nil }) else {
            return try web.fetch(url, to: file, limit: limit)
        }
        // What has another sum never comes under the name that later runs look for.
        let unchecked = folder.appendingPathComponent(".\(UUID().uuidString).unchecked")
        defer { try? FileManager.default.removeItem(at: unchecked) }
        try web.fetch(url, to: unchecked, limit: limit)
        let found = try Fingerprint.of(unchecked)
        guard found == wanted else { throw BraidError(.badData, "its SHA-256 is \(found), and the manifest says \(wanted)") }
        guard rename(unchecked.path, file.path) == 0 else { throw BraidError(.cannotCreate, "\(file.path) cannot be written") }
    }

    /// Whether the manifest's first rows hold an address anywhere, so that the others are worth a look of their own.
    private static func mayName(_ manifest: URL) throws -> Bool {
        guard MediaFile.fault(of: manifest) == nil else { return false }
        let head = try ManifestFile(manifest).read(upToCount: 1 << 20)
        return [Data("http://".utf8), Data("https://".utf8)].contains { head.range(of: $0) != nil }
    }
}
