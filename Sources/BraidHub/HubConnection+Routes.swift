internal import BraidSupport
internal import Foundation

/// What the hub says about a repository at a revision.
struct HubListing {
    let commit: String
    /// Every file's path.
    let files: [String]
}

/// What the hub says about one file at a commit.
struct HubFile {
    let name: String
    let url: URL
    /// The blob's name in the cache: SHA-256 (LFS), the git blob's SHA-1, or what else the server made up.
    let etag: String
    /// In bytes, where the server says it.
    let size: Int?
}

extension HubConnection {
    /// Asks for the commit that the revision names now, and its files.
    func listing(of repository: HubRepository) throws -> HubListing {
        let url = try self.url(["api", "models"] + repository.id.components(separatedBy: "/") + ["revision", repository.revision])
        let reply = try send(url, timeout: environment.etagTimeout)
        guard reply.status == 200 else { throw HubRefusal(reply, repository, environment: environment) }
        let body: Data
        do throws(HTTPFailure) { body = try reply.text() } catch { throw Transient(reason: "\(url.shown): \(error.reason)") }
        try JSONText.check(body, file: url.shown)
        guard let fields = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] else {
            throw BraidError(.unavailable, "\(url.shown): the answer is not JSON; check that HF_ENDPOINT is a Hugging Face hub")
        }
        let answer = JSONObject(fields, path: url.shown)
        let commit = try answer.string("sha")
        guard HubRepository.isCommit(commit) else { throw answer.fault("sha is not a commit hash") }
        guard let siblings = fields["siblings"] as? [[String: Any]] else { throw answer.fault("siblings must be a list of files") }
        let files = try siblings.map { try JSONObject($0, path: url.shown).string("rfilename") }
        for file in files where !HubRepository.isPath(file) {
            throw BraidError(
                .badData,
                "model \(repository): the hub lists a file \(String(reflecting: file)), which would lie outside the snapshot's folder; nothing was downloaded"
            )
        }
        return HubListing(commit: commit, files: files)
    }

    /// Asks for a file's checksum and size.
    func file(_ name: String, of repository: HubRepository, at commit: String) throws -> HubFile {
        let url = try self.url(
            repository.id.components(separatedBy: "/") + ["resolve", commit] + name.components(separatedBy: "/"))
        let reply = try send(
            url, method: "HEAD", headers: ["Accept-Encoding": "identity"], timeout: environment.etagTimeout,
            redirects: .withinEndpoint)
        guard reply.status < 400 else { throw HubRefusal(reply, repository, file: name, environment: environment) }
        guard reply["X-Repo-Commit"] == commit else {
            throw BraidError(
                .unavailable,
                "\(url.shown): the answer has no X-Repo-Commit of this commit; check that HF_ENDPOINT is a Hugging Face hub")
        }
        let etag = Self.plain(reply["X-Linked-Etag"] ?? reply["ETag"] ?? "")
        // It becomes a file's name.
        guard (1...200).contains(etag.utf8.count), !etag.hasPrefix("."),
            etag.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        else { throw BraidError(.badData, "\(url.shown): the ETag \(String(reflecting: etag)) cannot name a file of the cache") }
        let length = (300..<400).contains(reply.status) ? nil : reply["Content-Length"]
        let size = (reply["X-Linked-Size"] ?? length).flatMap(Int.init).flatMap { (0..<1 << 50).contains($0) ? $0 : nil }
        return HubFile(name: name, url: url, etag: etag, size: size)
    }

    /// An ETag without `W/` and quotes.
    private static func plain(_ etag: String) -> String {
        let strong = etag.hasPrefix("W/") ? String(etag.dropFirst(2)) : etag
        return strong.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }
}
