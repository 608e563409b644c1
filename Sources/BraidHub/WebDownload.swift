internal import BraidSupport
public import Foundation
internal import Synchronization

/// Fetches single files from the web, whole or not at all.
public final class WebDownload: Sendable {
    /// Those that no fetch uses now: each fetch has one for itself, since a server that sends without an end keeps a session busy for as long
    /// as it takes to give it up.
    private let idle = Mutex<[HTTPSession]>([])
    private let retries: RetryPolicy
    /// The longest silence of a server, in seconds.
    private let timeout: Double
    /// How long a server may send next to nothing, in seconds.
    private let patience: Double

    /// Makes one that tries a server again that is busy, three times.
    public convenience init() {
        self.init(retries: RetryPolicy(retries: 3, base: 0.5, longest: 30, retriesUnreachable: false), timeout: 30)
    }

    init(retries: RetryPolicy, timeout: Double, patience: Double = 60) {
        (self.retries, self.timeout, self.patience) = (retries, timeout, patience)
    }

    /// Leaves the content of `address`, http or https, at `file`, whose folder is there.
    ///
    /// Safe to call from several threads at once.
    ///
    /// - Parameters:
    ///   - address: What is fetched.
    ///   - file: Where the content goes.
    ///   - limit: The most bytes that are taken.
    /// - Throws: `BraidError` with the reason, without the address; `file` is not touched then.
    public func fetch(_ address: URL, to file: URL, limit: Int) throws {
        let partial = file.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString).part")
        defer { try? FileManager.default.removeItem(at: partial) }
        do { try retries.run { try fetchOnce(address, to: partial, limit) } } catch let failure as Transient {
            throw BraidError(.unavailable, failure.reason)
        }
        guard rename(partial.path, file.path) == 0 else {
            throw BraidError(.cannotCreate, "\(file.path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }

    /// How often an address may lead to another one.
    private static let redirects = 5

    private func fetchOnce(_ address: URL, to partial: URL, _ limit: Int) throws {
        let session = idle.withLock { $0.popLast() } ?? HTTPSession()
        try fetchOnce(address, to: partial, limit, session)
        // One that failed is not used again.
        idle.withLock { $0.append(session) }
    }

    private func fetchOnce(_ address: URL, to partial: URL, _ limit: Int, _ session: HTTPSession) throws {
        var url = address
        for _ in 0...Self.redirects {
            let reply: HTTPReply
            do throws(HTTPFailure) {
                reply = try session.send(
                    HTTPRequest(
                        url: url, headers: ["Accept-Encoding": "identity"], timeout: timeout, patience: patience, limit: limit))
            } catch { throw Transient(reason: error.reason, isUnreachable: error.isUnreachable) }
            defer { reply.cancel() }
            switch reply.status {
            case 200: return try write(reply, to: partial, limit)
            case 301, 302, 303, 307, 308: url = try next(behind: reply, from: url)
            case 408, 425, 429, 500...599:
                throw Transient(
                    reason: "the server answered \(reply.status)", wait: RetryPolicy.seconds(retryAfter: reply["Retry-After"]))
            default: throw BraidError(.unavailable, "the server answered \(reply.status)")
            }
        }
        throw BraidError(.unavailable, "the address leads to another one more than \(Self.redirects) times")
    }

    /// Where a redirect leads: never to another kind of address, nor from a secure to an open one.
    private func next(behind reply: HTTPReply, from url: URL) throws -> URL {
        let next = reply["Location"].flatMap { URL(string: $0, relativeTo: url)?.absoluteURL }
        guard let next, let scheme = next.scheme?.lowercased(), scheme == "https" || scheme == "http" && url.scheme == "http" else {
            throw BraidError(.unavailable, "the server redirects to \(reply["Location"] ?? "nowhere"), which is not followed")
        }
        return next
    }

    private func write(_ reply: HTTPReply, to partial: URL, _ limit: Int) throws {
        let announced = reply["Content-Length"].flatMap(Int.init)
        guard announced ?? 0 <= limit else { throw BraidError(.badData, HTTPFailure.tooLarge(limit).reason) }
        guard FileManager.default.createFile(atPath: partial.path, contents: nil) else {
            throw BraidError(.cannotCreate, "\(partial.deletingLastPathComponent().path) cannot be written")
        }
        let handle = try FileHandle(forWritingTo: partial)
        defer { try? handle.close() }
        var count = 0
        while let pieces = try pieces(of: reply) {
            for piece in pieces {
                count += piece.count
                do { try handle.write(contentsOf: piece) } catch {
                    throw BraidError(
                        .cannotCreate, "\(partial.deletingLastPathComponent().path) cannot be written; is the disk full?")
                }
            }
        }
        if let announced, announced != count {
            throw Transient(reason: "the server announced \(announced) bytes and sent \(count)")
        }
    }

    private func pieces(of reply: HTTPReply) throws -> [Data]? {
        do throws(HTTPFailure) { return try reply.next() } catch {
            throw error.isFinal ? BraidError(.badData, error.reason) : Transient(reason: error.reason)
        }
    }
}
